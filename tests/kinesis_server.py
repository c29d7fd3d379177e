"""A Kinesis server over real HTTP, as unkind as AWS's: shards split and merge, iterators expire, it is busy.

What moto does not do: sequence numbers have 56 digits, a closed shard ends, and its records stay where they were.
"""

import base64
import hashlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from tests.faulty_api import whole

FIRST = 49_598_630_142_999_655_949_899_443_842_509_554_952_738_656_579_378_741_250
KEYS = 2**128


class KinesisServer:
    """One stream. ``errors`` are codes that the next requests are answered with, by the name of the call.

    ``calls`` are the names of calls that were answered.
    """

    def __init__(self, shards=1):
        self.shards, self.errors, self.calls, self.parents = {}, {}, [], {}
        self.kept, self.open, self._numbers, self._made, self._turn = {}, {}, 0, 0, Lock()
        for place in range(shards):
            self._add(place * KEYS // shards, (place + 1) * KEYS // shards, [])
        server = self

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name = self.headers["X-Amz-Target"].rpartition(".")[2]
                status, said = server.answer(name, asked)
                whole(self, json.dumps(said).encode(), status=status)

            def log_message(self, *args):
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._http.daemon_threads = True
        Thread(target=self._http.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self._http.server_port}"

    def answer(self, name, asked):
        with self._turn:
            if self.errors.get(name):
                return 400, {"__type": self.errors[name].pop(0), "message": "not now"}
            self.calls.append(name)
            return 200, getattr(self, name)(asked)

    def ListShards(self, asked):  # noqa: N802 - as the call is named
        begin = int(asked.get("NextToken", 0))  # pages of two
        told = [
            {
                "ShardId": named(number),
                **dict(zip(("ParentShardId", "AdjacentParentShardId"), map(named, parents), strict=False)),
                "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "1"},
                "SequenceNumberRange": {"StartingSequenceNumber": "1"},
            }
            for number, parents in sorted(self.parents.items())
        ]
        more = {"NextToken": str(begin + 2)} if len(told) > begin + 2 else {}
        return {"Shards": told[begin : begin + 2], **more}

    def GetShardIterator(self, asked):  # noqa: N802
        after = asked.get("StartingSequenceNumber", "0") if asked["ShardIteratorType"] != "TRIM_HORIZON" else "0"
        return {"ShardIterator": f"{int(asked['ShardId'][-12:])}:{after}"}

    def GetRecords(self, asked):  # noqa: N802
        number, after = map(int, asked["ShardIterator"].split(":"))
        rest = [record for record in self.kept[number] if int(record["SequenceNumber"]) > after]
        found = rest[: min(asked["Limit"], 3)]  # fewer than were asked for, as it may
        behind = 1000 * (len(rest) - len(found))
        last = int(found[-1]["SequenceNumber"]) if found else after
        ends = not behind and number not in self.open
        more = {} if ends else {"NextShardIterator": f"{number}:{last}"}
        return {"Records": found, "MillisBehindLatest": behind, **more}

    def PutRecords(self, asked):  # noqa: N802
        return {"FailedRecordCount": 0, "Records": [self._put(each) for each in asked["Records"]]}

    def _put(self, record):
        if self.errors.get("each"):
            return {"ErrorCode": self.errors["each"].pop(0), "ErrorMessage": "not now"}
        key = int(hashlib.md5(record["PartitionKey"].encode()).hexdigest(), 16)
        number = next(each for each, (begin, end) in self.open.items() if begin <= key < end)
        self._numbers += 7
        sequence = str(FIRST + self._numbers)
        self.kept[number].append(
            {"Data": record["Data"], "PartitionKey": record["PartitionKey"], "SequenceNumber": sequence,
             "ApproximateArrivalTimestamp": time.time()}
        )  # fmt: skip
        return {"SequenceNumber": sequence, "ShardId": named(number)}

    def send(self, *values):
        """Put records, each under a key of its own."""
        with self._turn:
            for value in values:
                self._put({"Data": base64.b64encode(value).decode(), "PartitionKey": value.decode()})
                time.sleep(0.002)  # each is younger than the one before

    def split(self, number):
        """Let two shards take over from one."""
        with self._turn:
            begin, end = self.open.pop(number)
            half = (begin + end) // 2
            return self._add(begin, half, [number]), self._add(half, end, [number])

    def merge(self, one, other):
        """Let one shard take over from two."""
        with self._turn:
            (begin, _), (_, end) = sorted([self.open.pop(one), self.open.pop(other)])
            return self._add(begin, end, [one, other])

    def forget(self, number):
        """Keep a closed shard no longer."""
        with self._turn:
            del self.parents[number], self.kept[number]

    def _add(self, begin, end, parents):
        number, self._made = self._made, self._made + 1
        self.kept[number], self.open[number], self.parents[number] = [], (begin, end), parents
        return number

    def close(self):
        self._http.shutdown()
        self._http.server_close()


def named(number):
    return f"shardId-{number:012d}"

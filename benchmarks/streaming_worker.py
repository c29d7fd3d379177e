"""One worker of ``streaming.py``: learns all that is in a topic, and prints what it took.

python streaming_worker.py SERVERS VALKEY_URL GROUP keyless|keyed|read
"""

import json
import resource
import sys
import time
from pathlib import Path

import sluiceway as sw
from sluiceway.adapters.kafka_events import KafkaEvents
from sluiceway.adapters.memory_side import MemorySide
from sluiceway.adapters.redis_panes import RedisPanes
from sluiceway.adapters.redis_wire import RedisWire
from sluiceway.ports.event_source import Position
from sluiceway.streams.decoding import RowDecoder
from sluiceway.streams.partition_stream import Backends
from sluiceway.streams.stream_plan import StreamPlan, stream_plan
from sluiceway.streams.worker import MOST, Worker

TOPIC = "orders"
KINDS = {"user": "text", "order": "integer", "amount": "number", "items": "integer", "at": "time"}


def plan(*, keyed: bool) -> StreamPlan:
    """Two windows a user, with a watermark, lateness and eviction; keyed, orders may be corrected."""
    topic = sw.topic(TOPIC, lateness="2s", key="user")
    source = sw.Source("orders", sql="unused", key="order" if keyed else None, event_time="at", stream=topic)
    features = [
        sw.count(over="5s"), sw.sum("amount", over="5s"), sw.mean("amount", over="15s"),
        sw.min("amount", over="15s"), sw.max("items", over="15s"), sw.latest("amount"),
    ]  # fmt: skip
    view = sw.FeatureView("spending", entity="user", source=source, every="1s", features=features)
    return stream_plan(source, [view], KINDS)


class Reader:
    """The floor: messages are read and decoded, and nothing comes of them."""

    def __init__(self, stream: StreamPlan, backends: Backends) -> None:
        self._events = backends.events
        self._decoder = RowDecoder(stream.source, stream.kinds, stream.columns)
        self._read: dict[int, int] = {}
        self._events.partition_count()

    def assigned(self, partitions: list[int]) -> dict[int, Position]:
        self._read.update(dict.fromkeys(partitions, 0))
        return dict.fromkeys(partitions, Position())

    def revoked(self, partitions: list[int]) -> None:
        for number in partitions:
            self._read.pop(number, None)

    def step(self, *, most: int, wait_s: float) -> int:
        count = 0
        for batch in self._events.poll(self, most=most, wait_s=wait_s):
            self._decoder.decode(batch.offsets, batch.values)
            self._read[batch.partition] = batch.offsets[-1] + 1
            count += len(batch.values)
        return count

    def caught_up(self) -> bool:
        lags = self._events.lags({number: Position(offset) for number, offset in self._read.items()})
        return bool(self._read) and all(number in lags and lags[number].is_none for number in self._read)

    def close(self) -> None:
        self._events.close(self)


def main() -> int:
    servers, url, group, kind = sys.argv[1:]
    stream = plan(keyed=kind == "keyed")
    wire = RedisWire(lambda: url, shown="valkey", patience_s=30)
    backends = Backends(KafkaEvents(servers, TOPIC, group=group), RedisPanes(wire, prefix=group), MemorySide())
    if kind == "read":
        worker: Reader | Worker = Reader(stream, backends)
    else:
        worker = Worker(stream, backends=backends, owner=f"{group}-{time.time_ns()}", now_us=lambda: 0)
    count, quiet, before, began = 0, 0, used(), 0.0
    while quiet < 3 or not worker.caught_up():
        learnt = worker.step(most=MOST, wait_s=0.2)
        if learnt and not count:
            began = time.perf_counter()
        if learnt:
            ended = time.perf_counter()
        count, quiet = count + learnt, 0 if learnt else quiet + 1
    cpu_s = used() - before
    worker.close()
    told = Path("/proc/self/status").read_text()  # getrusage counts what the parent held, too
    memory = int(told.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"events": count, "wall_s": ended - began, "cpu_s": cpu_s, "memory_mib": memory}))
    return 0


def used() -> float:
    """The processor's seconds that this process took, all of its threads together."""
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime


if __name__ == "__main__":
    sys.exit(main())

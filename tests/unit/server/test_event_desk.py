"""Events over HTTP: what is taken, what is refused and why, and that nothing of a refused request is kept."""

import asyncio
import errno
import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.server.conftest import NOW, Heard

from sluiceway.adapters.memory_events import MemoryTopic
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.adapters.memory_sink import MemorySink
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.spool import Spool
from sluiceway.adapters.spool_sink import SpoolSink
from sluiceway.artifacts.event_intake import EventIntake, RowTime, StreamedSource
from sluiceway.artifacts.serving_contract import Field
from sluiceway.declare.expression import parse_expression
from sluiceway.server.app import serving_app
from sluiceway.server.event_intake import show_intake
from sluiceway.server.limits import Limits
from sluiceway.server.options import ServingOptions

AT = "2024-01-01T00:00:00Z"
KINDS = {"carrier": "text", "delay": "integer", "landed_at": "time", "speed": "number", "ok": "boolean"}
ROW = {"carrier": "UA", "delay": 3, "landed_at": AT, "speed": 1.5, "ok": None}


def time_of(text):
    expression = parse_expression(text)
    return RowTime(expression.tree, tuple(expression.columns))


def source(
    name="landings",
    known="landed_at + interval 1 hour",
    form="json",
    keys=("carrier",),
    fact_keys=(),
    lateness="5m",
    read=None,
):
    fields = tuple(Field(column, kind) for column, kind in KINDS.items())
    times = time_of("landed_at"), time_of(known)
    return StreamedSource(name, f"{name}-topic", form, keys, fields, *times, fact_keys, lateness, read)


class Desk:
    """An app that takes events."""

    def __init__(self, sink=None, *sources, **options):
        self.topic = MemoryTopic(4)
        self.objects = ObstoreObjects.memory()
        self.said = []
        show_intake(self.objects, EventIntake(sources or (source(),)))
        sink = sink or MemorySink({"landings-topic": self.topic})
        self.app = serving_app(
            self.objects, MemoryOnline(), MemoryRequests(), ServingOptions(**options), progress=self, sink=sink,
            wall_us=lambda: NOW,
        )  # fmt: skip

    def say(self, text):
        self.said.append(text)

    def advance(self, done, total):
        raise AssertionError

    def post(self, body, path="/events/landings", method="POST", **headers):
        return asyncio.run(self.asked(body, path, method, **headers))

    async def asked(self, body, path="/events/landings", method="POST", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        given.append((b"content-length", str(len(data)).encode()))
        scope = {"type": "http", "method": method, "path": path, "headers": given}
        heard, parts = [], [{"type": "http.request", "body": data, "more_body": False}]

        async def receive():
            return parts.pop(0)

        async def send(message):
            heard.append(message)

        await self.app(scope, receive, send)
        return Heard(heard)

    @property
    def kept(self):
        return [json.loads(value) for log in self.topic.logs for value in log]


def test_an_object_an_array_and_lines_are_taken():
    desk = Desk()
    told = desk.post(ROW)
    assert told.status == 202
    assert told.json | {"request_id": ""} == {
        "source": "landings", "topic": "landings-topic", "events": 1, "offsets": told.json["offsets"],
        "unknown_columns": [], "request_id": "",
    }  # fmt: skip
    (span,) = told.json["offsets"].values()
    assert span == [0, 0]
    assert desk.post([ROW, ROW]).json["events"] == 2
    assert desk.post(b"\n".join([json.dumps(ROW).encode()] * 3) + b"\n").json["events"] == 3
    assert desk.post(json.dumps(ROW, indent=2).encode()).json["events"] == 1
    assert desk.post([]).json["events"] == 0
    assert desk.kept == [ROW] * 7
    assert [len(log) for log in desk.topic.logs if log] == [7]  # one carrier, one partition


def test_a_request_that_is_sent_again_under_its_key_is_kept_once():
    desk = Desk()

    async def story():
        sent = [([ROW, ROW], "one"), ([ROW, ROW], "one"), ([ROW], "one"), ([ROW], "two")]
        return [await desk.asked(body, idempotency_key=key) for body, key in sent]

    first, again, other, new = asyncio.run(story())
    assert [each.status for each in (first, again, other, new)] == [202, 202, 422, 202]
    assert again.json == first.json
    assert "was that of another body" in other.json["error"]
    assert len(desk.kept) == 3


def test_columns_that_the_table_lacks_are_kept_and_told():
    desk = Desk()
    assert desk.post([ROW | {"gate": "A4"}, ROW | {"at": 1}, ROW]).json["unknown_columns"] == ["at", "gate"]
    assert desk.kept == [ROW | {"gate": "A4"}, ROW | {"at": 1}, ROW]


def test_times_as_postgres_prints_them_and_a_byte_order_mark_are_taken():
    desk = Desk()
    body = b"\xef\xbb\xbf" + json.dumps(ROW | {"landed_at": "2018-02-05 14:00:02+01"}).encode()
    assert (desk.post(body).status, len(desk.kept)) == (202, 1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"delay": "much"}, "column 'delay': expected integer or null, got text"),
        ({"delay": 2**63}, "column 'delay': expected integer <="),
        ({"ok": 1}, "column 'ok'"),
        ({"landed_at": "yesterday"}, "column 'landed_at'"),
        ({"landed_at": None}, "it has no event_time: 'landed_at' is null"),
    ],
)
def test_a_wrong_value_names_its_row_and_column_and_nothing_is_kept(wrong, said):
    desk = Desk()
    told = desk.post([ROW, ROW | wrong, ROW])
    assert told.status == 422
    assert told.json["error"].startswith("row 1: ")
    assert said in told.json["error"]
    assert desk.kept == []


def test_a_missing_column_and_no_object_are_named():
    desk = Desk()
    lacking = {name: value for name, value in ROW.items() if name != "speed"}
    lines = b"\n".join(json.dumps(each).encode() for each in (ROW, lacking))
    assert "row 1: column 'speed' is missing" in desk.post(lines).json["error"]
    assert "row 0: expected object" in desk.post([7]).json["error"]
    assert desk.kept == []


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "the body is empty"),
        (b"{", 400, "no JSON"),
        (b"\xff", 400, "no JSON"),
        (b"[1", 400, "no JSON"),
        (json.dumps(ROW).encode() + b"\n{", 400, "row 1 is no JSON"),
        (json.dumps([ROW] * 4).encode(), 413, "4 events are more than 3"),
        (b" " * 2000, 413, "larger than 1,500 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused(body, status, said):
    desk = Desk(limits=Limits(events=3, body_bytes=1500))
    told = desk.post(body)
    assert (told.status, desk.kept) == (status, [])
    assert said in told.json["error"]


def test_only_streamed_sources_take_events():
    desk = Desk(None, source(), source("weather", form="avro"))
    assert "did you mean 'landings'" in desk.post(ROW, "/events/landing").json["error"]
    assert desk.post(ROW, "/events/").status == 404
    assert desk.post(ROW, method="GET").status == 405
    told = desk.post(ROW, "/events/weather")
    assert told.status == 415
    assert "weather-topic" in told.json["error"]


def test_a_key_is_asked_for_and_a_rehearsal_takes_none():
    desk = Desk(key="s3cret")
    assert desk.post(ROW).status == 401
    assert desk.post(ROW, x_api_key="s3cret").status == 202
    assert desk.kept == [ROW]


def test_what_a_newer_run_leaves_is_taken_up(monkeypatch):
    monkeypatch.setattr("sluiceway.server.event_desk.LOOK_EVERY_S", 0.0)
    desk = Desk()
    assert desk.post(ROW, "/events/arrivals").status == 404
    show_intake(desk.objects, EventIntake((source("arrivals"),)))
    assert desk.post(ROW).status == 404
    desk.objects.put("events/intake.json", b"{")
    assert desk.post(ROW).status == 404
    assert "stays as it was" in desk.said[-1]


def test_requests_that_come_together_are_written_together(tmp_path):
    class Counting(SpoolSink):
        calls = 0

        def append(self, topic, events):
            self.calls += 1
            return super().append(topic, events)

    sink = Counting(tmp_path)
    desk = Desk(sink)

    async def together():
        return await asyncio.gather(*(desk.asked([ROW | {"delay": number}] * 2) for number in range(50)))

    told = asyncio.run(together())
    assert {heard.status for heard in told} == {202}
    spans = sorted(heard.json["offsets"]["0"] for heard in told)
    assert spans == [[2 * place, 2 * place + 1] for place in range(50)]
    assert sink.calls < 10
    spool = Spool(tmp_path / "landings-topic")
    assert len(spool.read(spool.find(0), most=1000)[0]) == 100


def test_a_full_disk_is_503_and_leaves_nothing(tmp_path, monkeypatch):
    desk = Desk(SpoolSink(tmp_path))
    assert desk.post([ROW] * 2).status == 202
    written = os.pwrite

    def full(descriptor, data, at):
        written(descriptor, data[: len(data) // 2], at)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        told = desk.post([ROW] * 10)
    assert told.status == 503
    assert "the disk is full" in told.json["error"]
    spool = Spool(tmp_path / "landings-topic")
    assert (len(spool.read(spool.find(0), most=100)[0]), spool.end()) == (2, 2)
    assert desk.post(ROW).json["offsets"] == {"0": [2, 2]}


def test_what_is_taken_is_counted():
    desk = Desk()
    desk.post([ROW] * 3)
    desk.post([7])
    text = desk.post(b"", "/metrics", "GET").body.decode()
    assert 'sluiceway_events_total{source="landings"} 3.0' in text
    assert 'sluiceway_event_requests_total{status="4xx"} 1.0' in text
    assert "sluiceway_event_write_seconds_count 1.0" in text


@pytest.mark.parametrize("depth", [101, 900, 990, 5_000])
def test_what_is_nested_deeper_than_any_decoder_goes_is_refused_and_nothing_is_kept(depth):
    desk = Desk()
    deep = json.dumps(ROW)[:-1].encode() + b', "gate": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    for body in (deep, b"[" + deep + b"]", json.dumps(ROW).encode() + b"\n" + deep, b"[" * depth + b"]" * depth):
        heard = desk.post(body)
        assert heard.status in {400, 422}
        assert "nested" in heard.json["error"] or "expected object" in heard.json["error"]
    assert desk.kept == []


def test_brackets_in_texts_are_no_nesting():
    assert Desk().post({**ROW, "note": "[{" * 500 + '\\"' + "[" * 200}).status == 202


@pytest.mark.parametrize("known", ["landed_at", "landed_at + interval 1 hour"])
def test_what_nobody_can_know_yet_is_refused(known):
    heard = Desk(None, source(known=known)).post([ROW, {**ROW, "landed_at": "2099-01-01T00:00:00Z"}])
    assert heard.status == 422
    assert "row 1" in heard.json["error"]
    assert "still to come" in heard.json["error"]


def test_a_clock_may_be_ahead_by_half_of_the_lateness():
    def posted(minutes):
        ahead = datetime.now(UTC) + timedelta(minutes=minutes)
        return Desk(None, source(known="landed_at", lateness="20m")).post({**ROW, "landed_at": ahead.isoformat()})

    assert [posted(minutes).status for minutes in (9, 11)] == [202, 422]


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_no_calendar_has_in_utc_is_refused(when):
    heard = Desk().post({**ROW, "landed_at": when})
    assert heard.status == 422
    assert "row 0: column 'landed_at'" in heard.json["error"]


def test_a_column_that_nothing_reads_may_hold_what_no_decoder_takes():
    heard = Desk().post(json.dumps(ROW)[:-1].encode() + b', "gate": 1e999}')
    assert heard.status == 202
    assert heard.json["unknown_columns"] == ["gate"]


@pytest.mark.parametrize(("carrier", "key"), [("UA", b"UA"), ("", b'""')])
def test_every_value_of_a_key_is_one(carrier, key):
    heard = []

    class Listening(MemorySink):
        def append(self, topic, events):
            heard.extend(event.key for event in events)
            return super().append(topic, events)

    assert Desk(Listening({"landings-topic": MemoryTopic(4)})).post({**ROW, "carrier": carrier}).status == 202
    assert heard == [key]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**ROW, "carrier": None}, "row 1: 'carrier' is null, but is what messages are keyed by"),
        ({**ROW, "delay": None}, "row 1: 'delay' is null, but is the key of its source"),
    ],
)
def test_an_event_without_its_key_is_refused(row, said):
    desk = Desk(None, source(fact_keys=("delay",)))
    heard = desk.post([ROW, row])
    assert (heard.status, desk.kept) == (422, [])
    assert said in heard.json["error"]

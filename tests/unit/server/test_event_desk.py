"""Events over HTTP: what is taken, what is refused and why, and that nothing of a refused request is kept."""

import asyncio
import errno
import json
import os

import pytest
from tests.event_desk import ROW, Desk, source

from sluiceway.adapters.spool import Spool
from sluiceway.adapters.spool_sink import SpoolSink
from sluiceway.artifacts.event_intake import EventIntake
from sluiceway.server.event_intake import show_intake
from sluiceway.server.limits import Limits


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

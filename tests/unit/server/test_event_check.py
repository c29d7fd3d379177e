"""What is taken of an event is what its stream takes, and what lands: only columns that these read are asked for."""

import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.event_desk import AT, KINDS, ROW, Desk, source

import sluiceway as sw
from sluiceway.adapters.memory_events import MemoryTopic
from sluiceway.adapters.memory_sink import MemorySink
from sluiceway.server.event_check import EventCheck
from sluiceway.server.refusal import Refusal
from sluiceway.streams.decoding import RowDecoder
from sluiceway.streams.landed_rows import LandedRows

DECLARED = sw.Source(
    "landings", sql="unused", key="delay", event_time="landed_at", known_time="landed_at + interval 1 hour",
    stream=sw.topic("landings-topic", key="carrier"),
)  # fmt: skip
VALUES = st.sampled_from([None, 1, 2.5, "UA", True, AT, "soon", [1], 2**70])
EVENTS = st.fixed_dictionaries({}, optional=dict.fromkeys([*KINDS, "gate"], VALUES))


def check(*read):
    return EventCheck(source(fact_keys=("delay",), read=read), most=9)


@given(event=EVENTS | EVENTS.map(lambda event: ROW | event), read=st.sets(st.sampled_from(list(KINDS))))
def test_what_is_taken_is_what_the_stream_takes(event, read):
    value = json.dumps(event).encode()
    decoded = RowDecoder(DECLARED, KINDS, sorted(read)).decode([0], [value])
    with pytest.raises(Refusal) if decoded.poison else nullcontext():
        check(*read).events(value)


def test_a_column_that_nothing_reads_may_be_missing_and_is_missing_in_the_row():
    asked = {name: ROW[name] for name in ("carrier", "delay", "landed_at")}
    value = json.dumps(asked).encode()
    (event,) = check().events(value)
    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    schema = pa.schema([(name, types.get(kind, pa.timestamp("us", "UTC"))) for name, kind in KINDS.items()])
    (row,) = LandedRows(schema, KINDS, ["delay"]).table([event.value]).to_pylist()
    assert (row["carrier"], row["speed"], row["ok"]) == ("UA", None, None)
    with pytest.raises(Refusal, match="column 'speed' is missing"):
        check("speed").events(value)


def test_only_columns_that_the_table_lacks_are_unknown():
    each = check()
    assert each.unknown(each.events(json.dumps(ROW | {"gate": "A4"}).encode())) == ["gate"]


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

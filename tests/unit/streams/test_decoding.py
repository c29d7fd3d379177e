"""Messages become rows of the table's types, or are told apart with the reason."""

import json
from datetime import UTC, datetime

import pytest

import sluiceway as sw
from sluiceway.core.errors import UnknownNameError
from sluiceway.streams.decoding import RowDecoder

KINDS = {"who": "text", "n": "integer", "x": "number", "ok": "boolean", "at": "time", "hours": "integer"}
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
AT = int(BEGIN.timestamp()) * SECOND


def decoder(columns=("who", "n", "x", "ok"), event="at", known=None, key=None, topic_key=None, **given):
    topic = sw.topic("facts", key=topic_key)
    source = sw.Source("facts", sql="unused", key=key, event_time=event, known_time=known, stream=topic)
    return RowDecoder(source, KINDS, columns, **given)


def row(**changes):
    return {"who": "a", "n": 1, "x": 0.5, "ok": True, "at": "2024-01-01T00:00:00Z", "hours": 1} | changes


def decoded(reader, *rows):
    values = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in rows]
    return reader.decode(range(10, 10 + len(values)), values)


def test_rows_have_the_tables_types_and_their_two_times():
    found = decoded(decoder(known="at + interval 1 hour"), row(), row(who=None, n=None, x=3, ok=None))
    assert found.rows.rows() == [
        ("a", 1, 0.5, True, AT, AT + 3600 * SECOND, 10), (None, None, 3.0, None, AT, AT + 3600 * SECOND, 11),
    ]  # fmt: skip
    assert (found.poison, found.unknown) == ([], frozenset())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-01-01T00:00:01Z", 1), ("2024-01-01T01:00:00+01:00", 0), ("2024-01-01 00:00:02", 2),
        ("2024-01-01T00:00:00.000001Z", 0.000001), ("2024-01-01 01:00:02+01", 2), ("2024-01-01 05:30:00.5+05:30", 0.5),
        ("2023-12-31 19:03:59-04:56:02", 1),
    ],
)  # fmt: skip
def test_times_are_in_utc_unless_they_say_otherwise(text, seconds):
    assert decoded(decoder(), row(at=text)).rows["_event"].to_list() == [AT + int(seconds * SECOND)]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"{", "truncated"),
        (b"", "truncated"),
        (json.dumps(row()).encode() * 2, "trailing"),
        (b"\xff", "invalid start byte"),
        (b"[1]", "expected object, got list"),
        (row(n=1.5), "column 'n': expected integer or null, got number"),
        (row(n=2**63), "column 'n': expected integer <= 9223372036854775807"),
        (row(n="1"), "column 'n': expected integer or null, got text"),
        (row(who=1), "column 'who': expected text or null, got integer"),
        (row(ok=1), "column 'ok': expected boolean or null, got integer"),
        (row(at="yesterday"), "column 'at': it is no time; write one as ISO 8601 does"),
        (row(at=5), "column 'at': expected time or null, got integer"),
        (row(at="2024-01-01 00:00:00+25"), "column 'at': it is no time"),
        (row(at=None), "no event_time"),
        ({"who": "a", "n": 1, "ok": True, "at": None}, "column 'x' is missing"),
    ],
)
def test_what_is_no_row_costs_itself_alone(message, why):
    found = decoded(decoder(), row(n=7), message, row(n=8))
    assert found.rows["n"].to_list() == [7, 8]
    assert found.rows["_offset"].to_list() == [10, 12]
    ((offset, _, said),) = found.poison
    assert offset == 11
    assert why in said


@pytest.mark.parametrize("depth", [900, 3_000, 200_000])
def test_what_is_nested_too_deep_stops_nothing(depth):
    deep = json.dumps(row(n=8))[:-1].encode() + b', "gate": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    found = decoded(decoder(), row(n=7), deep, b"[" * depth, deep)
    assert [offset for offset, *_ in found.poison] == [11, 12, 13]
    assert {why for _, _, why in found.poison} == {"it is nested more than 100 deep"}
    assert found.rows["_offset"].to_list() == [10]


@pytest.mark.parametrize("columns", [("who", "n"), ()])
def test_a_row_without_a_key_is_none_whether_or_not_a_view_reads_it(columns):
    reader = decoder(columns, key=("n", "x"), topic_key="who")
    lacking = {name: value for name, value in row().items() if name != "n"}
    found = decoded(reader, row(), row(n=None), row(who=None, x=None), row(ok=None), lacking)
    assert found.rows["_offset"].to_list() == [10, 13]
    assert found.rows.columns == [*columns, "_event", "_known", "_offset"]
    assert {offset: why for offset, _, why in found.poison} == {
        11: "'n' is null, but is the key of its source",
        12: "'x' is null, but is the key of its source",
        14: "column 'n' is missing",
    }
    with pytest.raises(UnknownNameError, match="whom"):
        decoder(topic_key="whom")


def test_what_is_still_to_come_is_known_to_nobody():
    reader = decoder(latest_us=lambda: AT + 60 * SECOND)
    found = decoded(
        reader, row(), row(at="2024-01-01T00:01:00Z"), row(at="2024-01-01T00:01:01Z"), row(at="9999-12-31T00:00:00Z")
    )
    assert found.rows["_offset"].to_list() == [10, 11]
    late, later = [why for _, _, why in found.poison]
    assert "still to come: 2024-01-01T00:01:01Z is after 2024-01-01T00:01:00Z, the latest that is believed" in late
    assert "9999-12-31" in later


def test_a_time_that_cannot_be_computed_is_told():
    found = decoded(decoder(event="CASE WHEN 1 // hours > 0 THEN at END"), row(hours=2), row(hours=1))
    assert [(offset, why) for offset, _, why in found.poison] == [(10, "it has no event_time: it is null")]


def test_new_columns_are_let_by_and_told_and_unused_ones_may_vanish():
    found = decoded(decoder(columns=("who",)), {"who": "a", "at": "2024-01-01T00:00:00Z", "gate": "A4"})
    assert found.rows["who"].to_list() == ["a"]
    assert found.unknown == {"gate"}
    rows = [{"who": "a", "at": "2024-01-01T00:00:00Z", f"c{number % 7}": 1} for number in range(2000)]
    assert decoded(decoder(columns=("who",)), *rows).unknown == {f"c{number}" for number in range(7)}


def test_a_column_that_the_table_lacks_is_refused():
    with pytest.raises(UnknownNameError, match="whom"):
        decoder(columns=("whom",))


@pytest.mark.parametrize("event", ["at", "at + interval 1 hour"])
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_no_calendar_has_in_utc_costs_its_row_alone(text, event):
    found = decoded(decoder(columns=("n",), event=event), row(n=7), row(at=text), row(n=8))
    assert found.rows["n"].to_list() == [7, 8]
    assert [(offset, "outside the years 1 to 9999" in why) for offset, _, why in found.poison] == [(11, True)]


def test_so_does_a_column_with_such_a_time_and_one_that_is_computed_past_the_calendar():
    event = "CASE WHEN hours > 0 THEN at + interval 1 hour ELSE timestamptz '2024-01-01' END"
    reader = decoder(columns=("n", "at"), event=event)
    found = decoded(reader, row(at="0001-01-01T00:00:00+14:00", hours=0), row(at="9999-12-31T23:30:00Z"), row(n=8))
    assert found.rows["n"].to_list() == [8]
    assert ["years 1 to 9999" in why or "cannot be computed" in why for _, _, why in found.poison] == [True, True]


def test_a_number_that_is_none_is_missing_as_json_has_it():
    found = decoder().decode([1, 2], [json.dumps(row(x=0.5)).encode()] * 2)
    assert found.rows["x"].to_list() == [0.5, 0.5]
    opened = decoder(opened=lambda value: row(x=float(value), at=BEGIN))
    found = opened.decode([1, 2, 3, 4], [b"nan", b"inf", b"-inf", b"2"])
    assert (found.rows["x"].to_list(), found.poison) == ([None, None, None, 2.0], [])


@pytest.mark.parametrize("gate", [b"1e999", b"1" * 5000, b'{"n": [1e999]}'])
def test_what_stands_in_a_column_that_nothing_reads_stops_nothing(gate):
    whole = json.dumps(row()).encode()
    found = decoder().decode([1], [whole[:-1] + b', "gate": ' + gate + b"}"])
    assert (len(found.rows), found.poison) == (1, [])


def test_what_is_no_text_is_no_json_wherever_it_stands():
    whole = json.dumps(row()).encode()
    found = decoder().decode([1, 2], [whole, whole[:-1] + b', "gate": "\xff"}'])
    assert len(found.rows) == 1
    assert [offset for offset, *_ in found.poison] == [2]

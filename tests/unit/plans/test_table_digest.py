"""The identity of a table's content."""

import hashlib
import json
import math
import struct
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import accumulate

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings
from tests.every_kind import ROW, ROWS, SCHEMA, table_of

from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import SourceError
from sluiceway.plans.table_digest import columns_of, normalise, table_content_id


def plainly(value):
    if isinstance(value, list):
        return [math.nan if each is None else plainly(each) for each in value]
    return (math.nan if math.isnan(value) else value or 0.0) if isinstance(value, float) else value


def order(value):
    if isinstance(value, list):
        return (1, [order(each) for each in value])
    if value is None:
        return (0,)
    if isinstance(value, float):
        return (2,) if math.isnan(value) else (1, value)
    return (1, value.encode() if isinstance(value, str) else value)


def lists_bytes(values):
    ends = list(accumulate((len(value or ()) for value in values), initial=0))
    members = [each for value in values for each in value or ()]
    return struct.pack(f"<{len(ends)}q", *ends) + struct.pack(f"<{len(members)}d", *members)


def reference_id(rows):
    """The documented layout, spelled out one value at a time."""
    plain = [tuple(map(plainly, row)) for row in rows]
    plain.sort(key=lambda row: [order(value) for value in row])
    kinds = [["i", "integer"], ["f", "number"], ["s", "text"], ["t", "time"], ["b", "boolean"], ["n", "numbers"]]
    out = b"sluiceway table 1\n" + json.dumps([len(plain), kinds], separators=(",", ":")).encode() + b"\n"
    for place, (_, kind) in enumerate(kinds):
        values = [row[place] for row in plain]
        bits = bytearray((len(values) + 7) // 8)
        for index, value in enumerate(values):
            bits[index // 8] |= (value is None) << (index % 8)
        out += bytes(bits)
        if kind == "text":
            texts = [(value or "").encode() for value in values]
            ends = [0]
            for text in texts:
                ends.append(ends[-1] + len(text))
            out += struct.pack(f"<{len(ends)}q", *ends) + b"".join(texts)
        elif kind == "numbers":
            out += lists_bytes(values)
        elif kind == "time":
            epoch = datetime(1970, 1, 1, tzinfo=UTC)
            since = [0 if value is None else (value - epoch) // timedelta(microseconds=1) for value in values]
            out += struct.pack(f"<{len(since)}q", *since)
        else:
            letter = {"integer": "q", "number": "d", "boolean": "B"}[kind]
            out += struct.pack(f"<{len(values)}{letter}", *[value or 0 for value in values])
    return hashlib.sha256(out).hexdigest()


@settings(max_examples=80, deadline=None)
@given(ROWS)
def test_id_is_the_hash_of_the_documented_layout(rows):
    assert table_content_id(table_of(rows)) == reference_id(rows)


def test_tables_without_lists_are_called_as_before_there_were_any():
    times = pa.array([datetime(2013, 1, 1, tzinfo=UTC), None, None], pa.timestamp("us", "UTC"))
    table = pa.table(
        {"i": [2, 1, None], "f": [0.5, None, -1.0], "s": ["b", "a", None], "t": times, "b": [True, None, False]}
    )
    assert table_content_id(table) == "412122691f44275772a0c59ec8417bba5cd7043cee3abee61d4fd325dec53bb4"


@settings(max_examples=80, deadline=None)
@given(rows=ROWS, data=st.data())
def test_order_chunks_and_dictionaries_leave_the_id_alone(rows, data):
    whole = table_of(rows)
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    other = pa.concat_tables([table_of(shuffled[:cut]), table_of(shuffled[cut:])])
    place = SCHEMA.get_field_index("s")
    other = other.set_column(place, "s", other.column(place).dictionary_encode())
    assert table_content_id(other) == table_content_id(whole)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=8), data=st.data())
def test_one_changed_value_changes_the_id(rows, data):
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 4))
    replacement = data.draw(ROW)[column]
    changed = [list(values) for values in rows]
    changed[row][column] = replacement
    changed = [tuple(values) for values in changed]
    same = reference_id(changed) == reference_id(rows)
    assert (table_content_id(table_of(changed)) == table_content_id(table_of(rows))) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([1, 2], pa.int8()), pa.array([1, 2], pa.uint32())),
        (pa.array([0.5], pa.float32()), pa.array([0.5])),
        (pa.array([Decimal("1.50")]), pa.array([1.5])),
        (pa.array(["x"], pa.large_string()), pa.array(["x"], pa.string_view())),
        (pa.array(["x", "y"]).dictionary_encode(), pa.array(["x", "y"])),
        (pa.array([None, None]), pa.array([None, None], pa.string())),
        (pa.array([date(2013, 1, 2)]), pa.array([datetime(2013, 1, 2, tzinfo=UTC)])),
        (pa.array([date(2013, 1, 2)], pa.date64()), pa.array([datetime(2013, 1, 2)])),
        (pa.array([1500], pa.timestamp("ns")), pa.array([1], pa.timestamp("us", "UTC"))),
        (pa.array([7], pa.timestamp("s", "America/New_York")), pa.array([7_000_000], pa.timestamp("us", "UTC"))),
        (pa.RunEndEncodedArray.from_arrays([2], ["x"]), pa.array(["x", "x"])),
        (pa.array([-0.0]), pa.array([0.0])),
    ],
)
def test_the_same_values_in_other_clothes_have_the_same_id(one, other):
    assert table_content_id(pa.table({"c": one})) == table_content_id(pa.table({"c": other}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"c": [1]}, {"c": [1.0]}),
        ({"c": [0]}, {"c": [None]}),
        ({"c": [1]}, {"d": [1]}),
        ({"c": [1]}, {"c": [1, 1]}),
        ({"a": [1], "b": [1]}, {"b": [1], "a": [1]}),
        ({"c": ["ab", ""]}, {"c": ["a", "b"]}),
        ({"a": [1, 2], "b": [1, 2]}, {"a": [1, 2], "b": [2, 1]}),
    ],
)
def test_what_differs_has_another_id(one, other):
    tables = [
        pa.table({name: pa.array(values, pa.int64() if values == [None] else None) for name, values in columns.items()})
        for columns in (one, other)
    ]
    assert table_content_id(tables[0]) != table_content_id(tables[1])


def test_the_id_stays_what_it_was_when_libraries_move_on():
    table = pa.table({"n": [2, None, 1], "s": ["b", "ü", None]})
    expected = b'sluiceway table 1\n[3,[["n","integer"],["s","text"]]]\n'
    expected += b"\x01" + struct.pack("<3q", 0, 1, 2) + b"\x02" + struct.pack("<4q", 0, 2, 2, 3) + "üb".encode()
    assert table_content_id(table) == hashlib.sha256(expected).hexdigest()


def test_names_that_look_like_patterns_are_only_names():
    one = pa.table({"^.*$": [2, 1], "*": [1, 2]})
    assert table_content_id(one) == table_content_id(one.take([1, 0]))


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        (pa.array([["x"]]), "unnest"),
        (pa.array([{"x": 1}]), "fields"),
        (pa.array([{"x": [1]}]), "fields"),
        (pa.array([b"x"]), "decode"),
        (pa.array([timedelta(1)]), "seconds"),
        (pa.array([1], pa.time32("s")), "date"),
    ],
)
def test_a_type_without_a_kind_is_refused_by_name_with_advice(values, advice):
    with pytest.raises(SourceError, match=advice) as refusal:
        columns_of(pa.table({"odd": values}))
    assert "'odd'" in str(refusal.value)
    assert str(values.type) in str(refusal.value)


def test_an_integer_beyond_64_bits_signed_is_refused_by_name():
    with pytest.raises(SourceError, match="'big'"):
        normalise(pa.table({"big": pa.array([2**63], pa.uint64())}))


@pytest.mark.parametrize("names", [["a", "a"], ["a", "A"], [""], []])
def test_names_that_a_store_would_confuse_are_refused(names):
    with pytest.raises(SourceError):
        columns_of(pa.table([pa.array([1])] * len(names), names=names))


def test_normalise_keeps_rows_in_order_and_gives_the_types_of_tables():
    zone = timezone(timedelta(hours=-5))
    table = pa.table(
        {
            "i": pa.array([2, 1], pa.int16()),
            "f": pa.array([1.5, None], pa.float32()),
            "s": pa.array(["b", "a"]).dictionary_encode(),
            "t": pa.array([datetime(2013, 1, 1, 19, tzinfo=zone), None], pa.timestamp("ns", "-05:00")),
            "b": pa.array([True, None]),
            "n": pa.array([[2, None], None], pa.list_(pa.int32(), 2)),
        }
    )
    found = normalise(table)
    assert found.schema == SCHEMA
    assert found.to_pydict() == {
        "i": [2, 1],
        "f": [1.5, None],
        "s": ["b", "a"],
        "t": [datetime(2013, 1, 2, tzinfo=UTC), None],
        "b": [True, None],
        "n": [[2.0, None], None],
    }


def test_columns_are_told_in_order_with_their_kinds():
    assert columns_of(table_of([])) == (
        Column("i", "integer"),
        Column("f", "number"),
        Column("s", "text"),
        Column("t", "time"),
        Column("b", "boolean"),
        Column("n", "numbers"),
    )

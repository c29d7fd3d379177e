"""Avro records become rows, and bytes that are none are refused with the reason."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.plans.avro_messages import avro_reader

SCHEMA = {
    "type": "record",
    "name": "Landing",
    "fields": [
        {"name": "carrier", "type": "string"},
        {"name": "delay", "type": ["null", "double"], "default": None},
        {"name": "landed_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "wall", "type": {"type": "long", "logicalType": "local-timestamp-micros"}},
        {"name": "fee", "type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
        {"name": "bins", "type": {"type": "array", "items": "float"}},
    ],
}
ROW = {
    "carrier": "UA",
    "delay": None,
    "landed_at": datetime(2024, 2, 29, 1, 2, 3, 4, UTC),
    "wall": datetime(2024, 1, 1),
    "fee": Decimal("12.25"),
    "kind": "B",
    "bins": [0.5, 2.0],
}


def written(schema, row):
    stream = io.BytesIO()
    schemaless_writer(stream, parse_schema(schema), row)
    return stream.getvalue()


def test_a_record_is_a_row_of_plain_values():
    row = avro_reader(json.dumps(SCHEMA))(b"....." + written(SCHEMA, ROW), 5)
    assert row == {**ROW, "fee": 12.25, "wall": datetime(2024, 1, 1, tzinfo=UTC)}


def test_names_of_other_schemas_are_known():
    inner = {"type": "record", "name": "place.Airport", "fields": [{"name": "faa", "type": "string"}]}
    outer = {"type": "record", "name": "Stop", "fields": [{"name": "at", "type": "place.Airport"}]}
    whole = {**outer, "fields": [{"name": "at", "type": inner}]}
    read = avro_reader(json.dumps(outer), [json.dumps(inner)])
    assert read(written(whole, {"at": {"faa": "JFK"}}), 0) == {"at": {"faa": "JFK"}}


@given(st.binary(max_size=60))
def test_any_bytes_are_a_row_or_refused(value):
    read = avro_reader(json.dumps(SCHEMA))
    try:
        row = read(value, 0)
    except ValueError:
        return
    assert set(row) == set(ROW)


def test_what_is_cut_short_or_goes_on_is_refused():
    read, value = avro_reader(json.dumps(SCHEMA)), written(SCHEMA, ROW)
    for end in range(len(value)):
        with pytest.raises(ValueError, match="it is"):
            read(value[:end], 0)
    with pytest.raises(ValueError, match="2 bytes are left over"):
        read(value + b"xx", 0)


@pytest.mark.parametrize("text", ["", "{", '{"type": "nothing"}', '"string"', '{"type": "array", "items": "int"}'])
def test_what_is_no_schema_of_a_record_is_refused(text):
    with pytest.raises(ValueError, match="its schema"):
        avro_reader(text)

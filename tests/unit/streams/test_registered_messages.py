"""Messages that name their schema are rows as JSON's are; evolution goes on, and what nobody can read is told apart."""

import io
import json

import pytest
from fastavro import parse_schema, schemaless_writer
from tests.unit.plans.test_protobuf_messages import landing_class, landing_file, place_file, text_of

from sluiceway.adapters.memory_schema_registry import MemorySchemaRegistry
from sluiceway.core.errors import TransientError
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.plans.corrections import EVENT
from sluiceway.ports.schema_registry import AVRO, JSON, PROTOBUF, RegisteredSchema
from sluiceway.streams.decoding import OFFSET, RowDecoder
from sluiceway.streams.registered_messages import RegisteredMessages

TIME = {"type": "long", "logicalType": "timestamp-micros"}
FIELDS = [
    {"name": "carrier", "type": "string"},
    {"name": "delay", "type": "double"},
    {"name": "landed_at", "type": TIME},
]
OLD = {"type": "record", "name": "Landing", "fields": FIELDS}
NEW = {**OLD, "fields": [{"name": "gate", "type": ["null", "int"], "default": None}, *reversed(FIELDS)]}
RENAMED = {**OLD, "fields": [*FIELDS[:1], {"name": "late_by", "type": "double"}, FIELDS[2]]}
TEXT = {**OLD, "fields": [FIELDS[0], {"name": "delay", "type": "string"}, FIELDS[2]]}
SCHEMAS = {
    **{
        number: RegisteredSchema(AVRO, json.dumps(each))
        for number, each in enumerate([OLD, NEW, RENAMED, TEXT, {"type": "string"}], start=1)
    },
    8: RegisteredSchema(JSON, "{}"),
    9: RegisteredSchema(PROTOBUF, text_of(landing_file()), (text_of(place_file()),)),
}
KINDS = {"carrier": "text", "delay": "number", "landed_at": "time"}
LANDINGS = Source("landings", files("landings.csv"), event_time="landed_at")
ROW = {"carrier": "UA", "delay": 2.5, "landed_at": 1_700_000_000_000_000, "gate": 4, "late_by": 1.0}


def decoder(kind="avro", registry=None):
    messages = RegisteredMessages(kind, registry or MemorySchemaRegistry(SCHEMAS))
    return RowDecoder(LANDINGS, KINDS, ["carrier", "delay"], opened=messages.open)


def avro(number, schema=OLD, **values):
    stream = io.BytesIO()
    schemaless_writer(stream, parse_schema(schema), {**ROW, **values})
    return b"\0" + number.to_bytes(4) + stream.getvalue()


def protobuf(path=b"\4\2\0", **values):
    made = landing_class()(carrier="UA", delay=2.5, **values)
    made.landed_at.FromMicroseconds(ROW["landed_at"])
    return b"\0\0\0\0\11" + path + made.SerializeToString()


def test_rows_of_several_schemas_are_one_batch():
    made = decoder().decode([3, 4, 7], [avro(1), avro(2, NEW, delay=-1.0), avro(1, carrier="B6")])
    assert made.rows.select("carrier", "delay", EVENT, OFFSET).rows() == [
        ("UA", 2.5, ROW["landed_at"], 3),
        ("UA", -1.0, ROW["landed_at"], 4),
        ("B6", 2.5, ROW["landed_at"], 7),
    ]
    assert made.poison == []


def test_a_column_that_the_table_lacks_is_let_by_and_told():
    assert decoder().decode([1], [avro(2, NEW)]).unknown == {"gate"}


def test_protobuf_rows_are_the_same():
    made = decoder("protobuf").decode([1, 2], [protobuf(), protobuf(bins=[1.0])])
    assert made.rows.select("carrier", "delay", EVENT).rows() == [("UA", 2.5, ROW["landed_at"])] * 2


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (avro(3, RENAMED), "column 'delay' is missing"),
        (avro(4, TEXT, delay="2.5"), "column 'delay': expected number or null, got text"),
        (avro(5), "schema 5: its schema is not one of a record"),
        (avro(8), "schema 8: it is one of JSON, while the topic's format is AVRO"),
        (avro(77), "schema 77: the registry has no schema of this number"),
        (avro(1)[:-2], "it is cut short|it is no record"),
        (b"", "does not begin with 0 and a schema's number, but with nothing"),
        (b'{"carrier": "UA"}', "does not begin with 0 and a schema's number"),
    ],
)
def test_a_message_that_nobody_can_read_costs_itself_alone(value, why):
    made = decoder().decode([1, 2, 3], [avro(1), value, avro(1)])
    assert made.rows.get_column(OFFSET).to_list() == [1, 3]
    [(offset, kept, said)] = made.poison
    assert (offset, kept) == (2, value)
    with pytest.raises(ValueError, match=why):
        raise ValueError(said)


def test_a_protobuf_type_that_the_file_lacks_is_told():
    made = decoder("protobuf").decode([1], [protobuf(path=b"\2\x12")])
    assert "has no type at [9]" in made.poison[0][2]


class Failing:
    def schema(self, number):
        raise TransientError("the registry is away")


def test_a_registry_that_is_away_makes_nothing_poison():
    with pytest.raises(TransientError, match="away"):
        decoder(registry=Failing()).decode([1, 2], [b"no message", avro(1)])

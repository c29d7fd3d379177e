"""Every schema registry gives what was registered, references first, and says when it has nothing."""

import pytest
from tests.schema_server import SchemaServer

from sluiceway.adapters.http_schema_registry import HttpSchemaRegistry
from sluiceway.adapters.memory_schema_registry import MemorySchemaRegistry
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.ports.schema_registry import AVRO, PROTOBUF, RegisteredSchema

GIVEN = {
    1: RegisteredSchema(AVRO, '{"type":"record","name":"A","fields":[]}'),
    7: RegisteredSchema(AVRO, '{"type":"record","name":"B","fields":[{"name":"a","type":"A"}]}', ("A itself",)),
    4_000_000_000: RegisteredSchema(PROTOBUF, "Zm9v", ("first", "second")),
}


def answers(schema, subjects):
    """What the HTTP registry says of a schema, and of those that it refers to."""
    names = []
    for text in schema.references:
        names.append({"name": text, "subject": f"of {text}/x", "version": 3})
        subjects[f"of {text}/x", 3] = {"schema": text, "references": names[:-1]}
    kind = {} if schema.kind == AVRO else {"schemaType": schema.kind}
    return {"schema": schema.text, "references": names[-1:], **kind}


@pytest.fixture(params=["memory", "http"])
def registry(request):
    if request.param == "memory":
        yield MemorySchemaRegistry(GIVEN)
        return
    server = SchemaServer()
    server.schemas = {number: answers(schema, server.subjects) for number, schema in GIVEN.items()}
    made = HttpSchemaRegistry(f"http://{server.host}", {})
    yield made
    made.close()
    server.close()


@pytest.mark.parametrize("number", GIVEN)
def test_what_was_registered_is_given_again_and_again(registry, number):
    assert registry.schema(number) == GIVEN[number]
    assert registry.schema(number) == GIVEN[number]


def test_what_nobody_registered_is_named(registry):
    with pytest.raises(UnknownNameError, match=r"registered schema.*'12'") as found:
        registry.schema(12)
    assert isinstance(found.value, MisuseError)

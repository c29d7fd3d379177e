"""The schema registry: what messages that name their schema by number were written with."""

from dataclasses import dataclass
from typing import Protocol

AVRO, PROTOBUF, JSON = "AVRO", "PROTOBUF", "JSON"


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """A schema, which never changes under its number.

    ``kind`` is AVRO, PROTOBUF or JSON. ``text`` is the schema's JSON, or for Protobuf a serialized
    ``FileDescriptorProto`` in base 64. ``references`` are the schemas that it names, each before those that need it.
    """

    kind: str
    text: str
    references: tuple[str, ...] = ()


class SchemaRegistry(Protocol):
    """Gives schemas by number. Safe to share between threads."""

    def schema(self, number: int) -> RegisteredSchema:
        """Return a schema.

        Raises:
            UnknownNameError: the registry has none of that number: nobody can read a message that names it.
            TransientError: the registry did not answer; ask again.
            SourceError: it refuses who asks, or answers what is no schema.
        """

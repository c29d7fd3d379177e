"""Registered messages: opened by the schema that each names, so that what writes them may change it in between."""

from collections.abc import Callable

from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.declare.stream import Topic
from sluiceway.plans.avro_messages import avro_reader
from sluiceway.plans.protobuf_messages import protobuf_reader
from sluiceway.plans.wire_frame import message_path, unframed
from sluiceway.ports.schema_registry import AVRO, PROTOBUF, SchemaRegistry

Reader = Callable[[bytes, int], dict[str, object]]
KINDS = {"avro": AVRO, "protobuf": PROTOBUF}


class RegisteredMessages:
    """Opens messages of one format as rows of plain values. For one thread.

    Each schema is asked for once. That of a message which cannot be used stays unusable, and is not asked for again.
    """

    def __init__(self, format: str, registry: SchemaRegistry) -> None:  # noqa: A002 - as the topic calls it
        """Name the format, ``avro`` or ``protobuf``, and who knows the schemas."""
        self._kind = KINDS[format]
        self._registry = registry
        self._readers: dict[tuple[int, tuple[int, ...]], Reader | str] = {}

    def open(self, value: bytes) -> dict[str, object]:
        """Read one message.

        Raises:
            ValueError: nobody can read it, with the reason.
            TransientError: the registry does not answer; nothing can be said of the message yet.
            SourceError: the registry refuses who asks.
        """
        number, place = unframed(value)
        path: tuple[int, ...] = ()
        if self._kind == PROTOBUF:
            path, place = message_path(value, place)
        reader = self._readers.get((number, path))
        if reader is None:
            reader = self._readers[number, path] = self._reader(number, path)
        if callable(reader):
            return reader(value, place)
        raise ValueError(f"schema {number}: {reader}")

    def _reader(self, number: int, path: tuple[int, ...]) -> Reader | str:
        try:
            found = self._registry.schema(number)
        except UnknownNameError:
            return "the registry has no schema of this number"
        if found.kind != self._kind:
            return f"it is one of {found.kind}, while the topic's format is {self._kind}"
        try:
            if found.kind == PROTOBUF:
                return protobuf_reader(found.text, path, found.references)
            return avro_reader(found.text, found.references)
        except ValueError as error:
            return str(error)


def opener(topic: Topic, registry: SchemaRegistry | None) -> Callable[[bytes], dict[str, object]] | None:
    """Make what opens a topic's messages; ``None`` where they are JSON.

    Raises:
        MisuseError: they name schemas, and nobody knows them.
    """
    if topic.format == "json":
        return None
    if registry is None:
        raise MisuseError(
            f"topic {topic.name!r} has messages in {topic.format}, which name their schemas by number; say who knows "
            'them: schemas = "http://schemas:8081" in sluiceway.toml'
        )
    return RegisteredMessages(topic.format, registry).open

"""Protobuf messages: fields as plain rows, by the file of types that a registry keeps.

A field with presence (``optional``, a message, a member of a ``oneof``) that is not set is null; one without presence
has its default, as Protobuf cannot tell the two apart. Enumerations become their names, timestamps moments in UTC,
wrappers what they wrap, repeated fields lists, other messages objects.
"""

from base64 import b64decode
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from typing import Any

Reader = Callable[[bytes, int], dict[str, object]]
WRAPPED = "google.protobuf."


def protobuf_reader(text: str, path: Sequence[int], references: Sequence[str] = ()) -> Reader:
    """Make what reads a message that begins at a place in bytes, and ends with them.

    The reader raises ``ValueError`` where the bytes are no such message.

    Args:
        text: A ``FileDescriptorProto``, serialized and in base 64.
        path: Which of its types a message is: indices from the outermost in.
        references: Files that it imports, in the same form, each before those that need it; Protobuf's own are known.

    Raises:
        ValueError: it is no such file, or has no such type.
    """
    from google.protobuf import message_factory
    from google.protobuf.message import DecodeError

    made = message_factory.GetMessageClass(_type_at(_file(text, references), path))

    def read(value: bytes, place: int) -> dict[str, object]:
        try:
            return _fields(made.FromString(value[place:]))
        except (DecodeError, UnicodeDecodeError, OverflowError) as error:
            raise ValueError(f"it is no {made.DESCRIPTOR.full_name}: {error}") from None

    return read


def _file(text: str, references: Sequence[str]) -> Any:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool

    pool = DescriptorPool()
    for known in _well_known():
        pool.AddSerializedFile(known)
    try:
        added = [pool.AddSerializedFile(b64decode(each, validate=True)) for each in (*references, text)]
        name = FileDescriptorProto.FromString(b64decode(text)).name
        return added[-1] or pool.FindFileByName(name)
    except Exception as error:
        raise ValueError(f"its schema cannot be read: {type(error).__name__}: {error}") from error


def _well_known() -> Iterable[bytes]:
    from google.protobuf import any_pb2, duration_pb2, empty_pb2, struct_pb2, timestamp_pb2, wrappers_pb2

    modules = (any_pb2, duration_pb2, empty_pb2, struct_pb2, timestamp_pb2, wrappers_pb2)
    return (bytes(module.DESCRIPTOR.serialized_pb) for module in modules)


def _type_at(file: Any, path: Sequence[int]) -> Any:
    types = list(file.message_types_by_name.values())
    found = None
    for index in path:
        if not 0 <= index < len(types):
            raise ValueError(f"its schema {file.name!r} has no type at {list(path)}")
        found = types[index]
        types = list(found.nested_types)
    return found


def _fields(message: Any) -> dict[str, object]:
    return {field.name: _value(message, field) for field in message.DESCRIPTOR.fields}


def _value(message: Any, field: Any) -> object:
    if field.is_repeated:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            inner = field.message_type.fields_by_name["value"]
            return {str(key): _plain(each, inner) for key, each in getattr(message, field.name).items()}
        return [_plain(each, field) for each in getattr(message, field.name)]
    if field.has_presence and not message.HasField(field.name):
        return None
    return _plain(getattr(message, field.name), field)


def _plain(value: Any, field: Any) -> object:
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known is not None else str(value)
    kind = field.message_type
    if kind is None:
        return value
    if kind.full_name == WRAPPED + "Timestamp":
        return value.ToDatetime(tzinfo=UTC)
    if kind.full_name.startswith(WRAPPED) and kind.full_name.endswith("Value") and "value" in kind.fields_by_name:
        return value.value
    return _fields(value)

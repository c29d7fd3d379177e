"""Packed values: what the online store keeps, one value per entity and view.

A value is 32 bytes of times, and then the features in the view's order as a MessagePack array of floats, texts, nils:

* 16 bytes, the stamp: event_time, then known_time, microseconds since the epoch, each as a big-endian integer raised by
  2**63, so that bytes compare as times do and the store can tell the newer of two values without unpacking them;
* 8 bytes, known_through, in the same form: up to when everything known is in the value;
* 8 bytes, written, in the same form: when it was put there; wall time, or a rehearsal's virtual time.

A key is the MessagePack array of the entity's values with their types: ``1``, ``"1"`` and ``True`` are three entities.
"""

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, NamedTuple

import msgspec

TIMES = Struct(">QQQQ")
TOLD = Struct(">Q8xQQ")  # all but known_time
RAISED = 1 << 63
BEFORE_ALL = -62_135_596_800_000_000  # the year 1: stamps what has lost its newest fact, so that any other takes effect
NIL = b"\xc0"  # None, as MessagePack writes it
FeatureValue = float | str | None

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[float | str | None]).decode


class PackedValue(NamedTuple):
    """An online value: four times, microseconds since the epoch, and the features in the view's order."""

    event_time: int
    known_time: int
    known_through: int
    written: int
    features: list[FeatureValue]


def pack_value(value: PackedValue) -> bytes:
    """Write a value.

    Raises:
        struct.error: a time does not fit 64 bits.
    """
    event, known, through, written, features = value
    return TIMES.pack(event + RAISED, known + RAISED, through + RAISED, written + RAISED) + _pack(features)


def unpack_value(data: bytes) -> PackedValue:
    """Read a value.

    Raises:
        struct.error: the bytes are too few.
        msgspec.DecodeError: the features are damaged.
    """
    event, known, through, written = TIMES.unpack_from(data)
    features = _unpack(data[TIMES.size :])
    return PackedValue(event - RAISED, known - RAISED, through - RAISED, written - RAISED, features)


def features_reader(views: Sequence[Sequence[str]]) -> Callable[[Sequence[bytes | None]], Any]:
    """Make what reads the features of one value of each view, together, as an object with an attribute for each.

    Called, it gives them as a dict in the order of the views' columns. Several values are read as one array, which
    takes a fraction of reading each. ``None`` stands for no value. It raises ``msgspec.DecodeError`` where features
    are damaged, or a value has not as many as its view.
    """
    fields = [(name, FeatureValue) for names in views for name in names]
    methods = {"__call__": lambda self: msgspec.structs.asdict(self)}  # noqa: PLW0108 - a builtin is no method
    read_as = msgspec.defstruct("Features", fields, array_like=True, gc=False, namespace=methods)
    decode = msgspec.msgpack.Decoder(read_as).decode
    begins, whole = TIMES.size, _array_header(len(fields))
    parts = [(_array_header(len(names)), NIL * len(names)) for names in views]
    if len(views) == 1:
        nothing = whole + parts[0][1]
        return lambda values: decode(nothing if values[0] is None else values[0][begins:])

    def read(values: Sequence[bytes | None]) -> Any:
        bodies = [whole]
        for value, (header, nothing) in zip(values, parts, strict=True):
            if value is None:
                bodies.append(nothing)
            elif value.startswith(header, begins):
                bodies.append(value[begins + len(header) :])
            else:
                raise msgspec.DecodeError(f"a packed value has not the {len(nothing)} features of its view")
        return decode(b"".join(bodies))

    return read


def _array_header(length: int) -> bytes:
    return _pack([None] * length).removesuffix(NIL * length)


def pack_key(entity: Sequence[object]) -> bytes:
    """Write an entity's key.

    >>> pack_key([1]) == pack_key(["1"])
    False
    """
    return _pack(tuple(entity))


def pack_keys(entities: Sequence[Sequence[object]]) -> list[bytes]:
    """Write the keys of many entities, given by columns.

    >>> pack_keys([[1, 2], ["a", "b"]]) == [pack_key([1, "a"]), pack_key([2, "b"])]
    True

    Raises:
        ValueError: the columns differ in length.
    """
    if len(entities) == 1:
        return [_pack((value,)) for value in entities[0]]
    return list(map(_pack, zip(*entities, strict=True)))

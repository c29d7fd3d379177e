"""State rows: how a partition's state is written, as keys and values of bytes.

A key is the first 8 bytes of the view's digest, a letter, and then: ``p``, an entity's packed key and the number of a
pane, for its partials; ``e`` and an entity's packed key, for when it was first known and its newest fact; ``f`` and the
name of a fact, for its versions. Partials are JSON, as they hold whole numbers of 128 bits; the rest is
MessagePack. A fact's last version, where it is one of the others, is written as its place among them.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from sluiceway.plans.pane_partials import PartialValue
from sluiceway.streams.entity_panes import Place
from sluiceway.streams.fact_order import Fact
from sluiceway.streams.fact_versions import Versions

PREFIX_BYTES, PANE_BYTES, RAISED = 8, 8, 1 << 63
PANE, ENTITY, FACT = b"p", b"e", b"f"

_partials = msgspec.json.Encoder().encode
_to_partials = msgspec.json.Decoder(list[int | float | list[int | tuple[int, int, float]] | None]).decode
_pack = msgspec.msgpack.Encoder().encode
_to_versions = msgspec.msgpack.Decoder(tuple[Fact | None, tuple[Fact, ...], Fact | int | None]).decode
_to_entity = msgspec.msgpack.Decoder(tuple[int, Fact | None]).decode


def view_prefix(digest: str) -> bytes:
    """Begin the keys of a view's rows."""
    return bytes.fromhex(digest)[:PREFIX_BYTES]


def kind_of_row(key: bytes) -> bytes:
    """Read a row's letter."""
    return key[PREFIX_BYTES : PREFIX_BYTES + 1]


def pane_key(prefix: bytes, place: Place) -> bytes:
    """Write the key of a pane."""
    return prefix + PANE + place[0] + (place[1] + RAISED).to_bytes(PANE_BYTES)


def pane_of(key: bytes) -> Place:
    """Read the key of a pane."""
    return key[PREFIX_BYTES + 1 : -PANE_BYTES], int.from_bytes(key[-PANE_BYTES:]) - RAISED


def name_of(key: bytes) -> bytes:
    """Read the key of an entity or a fact."""
    return key[PREFIX_BYTES + 1 :]


def pack_partials(values: Sequence[PartialValue]) -> bytes:
    """Write partials."""
    return _partials(values)


def unpack_partials(data: bytes) -> list[PartialValue]:
    """Read partials."""
    made: list[Any] = _to_partials(data)
    return made


def pack_versions(kept: Versions) -> bytes:
    """Write what is kept of a fact."""
    counts, waiting, last = kept.counts, kept.waiting, kept.last
    if last is not None:
        if last is counts:
            return _pack((counts, waiting, 0))
        for place, each in enumerate(waiting, start=1):
            if last is each:
                return _pack((counts, waiting, place))
    return _pack((counts, waiting, last))


def unpack_versions(data: bytes) -> Versions:
    """Read what is kept of a fact."""
    counts, waiting, last = _to_versions(data)
    return Versions(counts, waiting, (counts, *waiting)[last] if isinstance(last, int) else last)


def pack_entity(first: int, newest: Fact | None) -> bytes:
    """Write when an entity was first known, and its newest fact."""
    return _pack((first, newest))


def unpack_entity(data: bytes) -> tuple[int, Fact | None]:
    """Read when an entity was first known, and its newest fact."""
    return _to_entity(data)

"""Partition headers: how far a partition was read, what time it is there, who wrote that, and what was counted."""

from typing import Any, Self

import msgspec

from sluiceway.ports.event_source import Position


class PartitionHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Stored as JSON with every commit, which it fences: no two commits have equal headers.

    ``offset`` is that of the next message, and ``mark`` what its source needs to find it. ``owner`` is empty where the
    one who wrote it has left. ``watermark`` is the greatest ``known_time``, microseconds since the epoch.
    ``events`` are all messages read, of which ``late`` were late for a view, and ``dead`` no rows. ``written`` is wall
    time, in microseconds. ``views`` are the digests of those that are kept up. ``missed`` are the messages that were
    gone before they were read; ``partitions`` is how many the topic had when this one was begun, 0 where nobody said.
    ``is_whole`` says that all was written which the state began with; else it begins anew.
    """

    owner: str
    sequence: int = 0
    offset: int = 0
    mark: str = ""
    watermark: int | None = None
    events: int = 0
    late: int = 0
    dead: int = 0
    written: int = 0
    views: tuple[str, ...] = ()
    missed: int = 0
    partitions: int = 0
    is_whole: bool = True

    def following(self, **changes: Any) -> Self:
        """Make the header of a later commit."""
        return msgspec.structs.replace(self, **changes)

    @property
    def position(self) -> Position:
        """Where to go on reading."""
        return Position(self.offset, self.mark)


def pack_header(header: PartitionHeader) -> bytes:
    """Write a header."""
    return msgspec.json.encode(header)


def unpack_header(data: bytes) -> PartitionHeader | None:
    """Read a header; there is none in no bytes.

    Raises:
        msgspec.DecodeError: the bytes are damaged.
    """
    return msgspec.json.decode(data, type=PartitionHeader) if data else None

"""Event sources: where the messages of a topic come from, partition by partition, each with an offset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Position(NamedTuple):
    """Where to go on: the offset of the next message, and what the source itself needs to find it again.

    ``mark`` is empty where the offset is enough. It means something to the kind of source alone that wrote it.
    """

    offset: int = 0
    mark: str = ""


class Lag(NamedTuple):
    """What lies at a position and behind it: how many messages, and for how many seconds the source is behind.

    ``messages`` is 0 where nothing does, below 0 where the topic ends before the position, and ``None`` where something
    does that the source does not count.
    """

    messages: int | None
    seconds: float | None = None

    @property
    def is_none(self) -> bool:
        """Whether all that is there lies before the position."""
        return self.messages is not None and self.messages <= 0


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Messages of one partition in order. ``offsets`` rise strictly, but may leave numbers out.

    ``mark`` is that of the position behind the last message. Where a partition is made of several lanes, ``origins``
    are each message's lane and its number there, which stay the same in whatever order lanes are read. ``missed`` are
    the messages before or among these that the source had let go before they were read, as far as it counts them.
    """

    partition: int
    offsets: Sequence[int]
    values: Sequence[bytes]
    mark: str = ""
    origins: Sequence[tuple[int, int]] = ()
    missed: int = 0

    def origin(self, place: int) -> tuple[int, int]:
        """Return what identifies a message for ever, by its place in the batch."""
        return self.origins[place] if self.origins else (self.partition, self.offsets[place])


class Ownership(Protocol):
    """Hears which partitions this reader owns. Called from within ``poll`` and ``close`` alone, on their thread."""

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, Position]:
        """Take partitions over; return where to begin reading each."""

    def revoked(self, partitions: Sequence[int]) -> None:
        """Let go of partitions, which another may own by now."""


class EventSource(Protocol):
    """One topic, read by one member of a group. For one thread.

    Every message at or behind the asked position is delivered at least once, and in order, to whoever owns the
    partition. A position below the oldest message kept begins at that message, and what is missed is told. Two readers
    may believe for a while that they own a partition: what they write has to be fenced.
    """

    @property
    def is_dealt(self) -> bool:
        """Whether the source sees to it that a partition has one owner; else each reader is told that it owns all."""

    def partition_count(self) -> int:
        """Return how many partitions the topic has.

        Raises:
            SourceError: there is no such topic, or nobody answers.
        """

    def poll(self, ownership: Ownership, *, most: int, wait_s: float) -> list[EventBatch]:
        """Return at most so many messages, at most one batch a partition; wait for the first as long as told.

        A reader that cannot reach its broker waits and returns nothing: brokers come back.

        Raises:
            SourceError: waiting does not help.
        """

    def seek(self, partition: int, position: Position | None) -> None:
        """Go on reading an owned partition from a position; what was fetched ahead of it is dropped.

        ``None`` lets it be still until it is sought again.
        """

    def lags(self, positions: Mapping[int, Position]) -> dict[int, Lag]:
        """Return for each partition what lies behind a position, or behind its beginning, as far as it is known."""

    def joined(self, positions: Mapping[int, Position]) -> Position:
        """Return where to go on in the only partition, once all that there are were read up to some positions.

        Others have read them: one by one, where this reader makes one of several.
        """

    def close(self, ownership: Ownership) -> None:
        """Leave the group, once."""

"""Event sources: where the messages of a topic come from, partition by partition, each with an offset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Messages of one partition in order. ``offsets`` rise strictly, but may leave numbers out."""

    partition: int
    offsets: Sequence[int]
    values: Sequence[bytes]


class Ownership(Protocol):
    """Hears which partitions this reader owns. Called from within ``poll`` and ``close`` alone, on their thread."""

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """Take partitions over; return where to begin reading each, as the offset of the next message."""

    def revoked(self, partitions: Sequence[int]) -> None:
        """Let go of partitions, which another may own by now."""


class EventSource(Protocol):
    """One topic, read by one member of a group. For one thread.

    Every message at or behind the asked offset is delivered at least once, and in order, to whoever owns the partition.
    An offset below the oldest message kept begins at that message. Two readers may believe for a while that they own a
    partition: what they write has to be fenced.
    """

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

    def seek(self, partition: int, offset: int | None) -> None:
        """Go on reading an owned partition from an offset; what was fetched ahead of it is dropped.

        ``None`` lets it be still until it is sought again.
        """

    def ends(self) -> dict[int, int]:
        """Return for each partition the offset that its next message will have, as far as it is known."""

    def close(self, ownership: Ownership) -> None:
        """Leave the group, once."""

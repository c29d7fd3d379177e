"""An event source in memory: for tests. Topics are shared by the members of one process."""

from collections.abc import Mapping, Sequence

from sluiceway.ports.event_source import EventBatch, Lag, Ownership, Position


class MemoryTopic:
    """Messages by partition, kept until they are let go, and who reads them."""

    def __init__(self, partitions: int = 1) -> None:
        self.logs: list[list[bytes]] = [[] for _ in range(partitions)]
        self.members: list[MemoryEvents] = []
        self.oldest: dict[int, int] = {}

    def append(self, partition: int, values: Sequence[bytes]) -> None:
        """Add messages."""
        self.logs[partition] += values

    def let_go(self, partition: int, before: int) -> None:
        """Keep no message from before an offset."""
        self.oldest[partition] = before


class MemoryEvents:
    """One member of a topic's group; partitions are dealt out in turn among those that have not left.

    Without ``is_dealt``, each member is told that it owns all.
    """

    def __init__(self, topic: MemoryTopic, *, is_dealt: bool = True) -> None:
        self._topic = topic
        self._next: dict[int, int | None] = {}
        self.is_dealt = is_dealt
        topic.members.append(self)

    def partition_count(self) -> int:
        """Return how many partitions the topic has."""
        return len(self._topic.logs)

    def poll(self, ownership: Ownership, *, most: int, wait_s: float) -> list[EventBatch]:  # noqa: ARG002 - it has no one to wait for
        """Return at most so many messages; never waits, as nothing arrives meanwhile."""
        self._rebalance(ownership)
        batches = []
        for partition, offset in self._next.items():
            if offset is None or most <= 0:
                continue
            begin = max(offset, self._topic.oldest.get(partition, 0))
            values = self._topic.logs[partition][begin : begin + most]
            if values:
                self._next[partition] = begin + len(values)
                missed = begin - offset if offset else 0
                batches.append(EventBatch(partition, range(begin, begin + len(values)), values, missed=missed))
                most -= len(values)
        return batches

    def seek(self, partition: int, position: Position | None) -> None:
        """Go on reading an owned partition from a position."""
        if partition in self._next:
            self._next[partition] = None if position is None else position.offset

    def lags(self, positions: Mapping[int, Position]) -> dict[int, Lag]:
        """Return how many messages lie behind each position."""
        return {
            partition: Lag(len(log) - positions.get(partition, Position()).offset)
            for partition, log in enumerate(self._topic.logs)
        }

    def joined(self, positions: Mapping[int, Position]) -> Position:
        """Return where to go on in the only partition there is."""
        return positions.get(0, Position())

    def close(self, ownership: Ownership) -> None:
        """Leave the group."""
        self._topic.members.remove(self)
        ownership.revoked(list(self._next))
        self._next = {}

    def _rebalance(self, ownership: Ownership) -> None:
        place, count = self._topic.members.index(self), len(self._topic.members)
        numbers = range(len(self._topic.logs))
        mine = [number for number in numbers if number % count == place or not self.is_dealt]
        lost = [number for number in self._next if number not in mine]
        gained = [number for number in mine if number not in self._next]
        for number in lost:
            del self._next[number]
        if lost:
            ownership.revoked(lost)
        if gained:
            begins = ownership.assigned(gained)
            self._next.update({number: begins[number].offset if number in begins else None for number in gained})

"""Events from Kafka as one: all partitions of a topic as a single one, in the order of their messages' times."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sluiceway.adapters.kafka_topic import KafkaTopic
from sluiceway.adapters.merged_lanes import Arrived, MergedLanes, read_mark, write_mark
from sluiceway.core.errors import SourceError
from sluiceway.ports.event_source import EventBatch, Lag, Ownership, Position

MOST_WAITING, MORE_S, BLOCKED_S = 20_000, 0.02, 0.05
COUNTED_EVERY_S, SHOWN_EVERY_S = 30.0, 5.0


class MergedKafkaEvents:
    """One topic, all of which each reader is told it owns: no group deals its partitions out.

    Messages are numbered as they come, so that offsets are those of one line of reading; ``mark`` has the offsets of
    each partition. A position without a mark is one of partition 0 alone. At most 64 MiB are fetched ahead, and 20,000
    messages of each partition wait until the others are as far.
    """

    def __init__(self, servers: str, topic: str, *, group: str, options: Mapping[str, str | int] | None = None) -> None:
        """Name a topic as ``KafkaEvents`` does; under the group's name the broker hears how far it was read."""
        self._topic = KafkaTopic(servers, topic, group=group, options={**(options or {}), "enable.partition.eof": True})
        self.is_dealt = False
        self._is_told = False
        self._lanes: MergedLanes | None = None
        self._is_assigned = False
        self._paused: set[int] = set()
        self._missed: dict[tuple[int, int], int] = {}  # by the lane and number of what came next
        self._count_at = self._shown_at = time.monotonic()

    def partition_count(self) -> int:
        """Return 1.

        Raises:
            SourceError: there is no such topic, or nobody answers.
        """
        self._topic.partition_count()
        return 1

    def poll(self, ownership: Ownership, *, most: int, wait_s: float) -> list[EventBatch]:
        """Return at most so many messages; wait for the first as long as told.

        Raises:
            SourceError: the broker refuses who asks.
        """
        if not self._is_told:
            self._is_told = True
            self.seek(0, ownership.assigned([0]).get(0))
        deadline = time.monotonic() + wait_s
        while True:
            found = self._take(most, max(deadline - time.monotonic(), 0.0))
            if found or time.monotonic() >= deadline:
                return found

    def seek(self, partition: int, position: Position | None) -> None:
        """Go on reading from a position."""
        if partition == 0:
            self._topic.consumer.unassign()
            self._paused, self._missed, self._is_assigned = set(), {}, False
            self._lanes = None if position is None else MergedLanes(_marked(position))
            if self._lanes is not None:
                self._assign(self._lanes)

    def lags(self, positions: Mapping[int, Position]) -> dict[int, Lag]:
        """Return how many messages lie behind a position, where the broker tells it of every partition."""
        following, _ = read_mark(_marked(positions.get(0, Position())).mark)
        behind = self._topic.behind(following)
        if len(behind) < self._topic.count or not behind:
            return {}
        lost = min(behind.values())
        return {0: Lag(lost if lost < 0 else sum(behind.values()))}

    def joined(self, positions: Mapping[int, Position]) -> Position:
        """Return where to go on in all partitions, which others have read one by one."""
        offsets = {number: each.offset for number, each in positions.items()}
        return Position(sum(offsets.values()), write_mark(offsets, ()) if offsets else "")

    def close(self, ownership: Ownership) -> None:
        """Read no more."""
        if self._lanes is not None:
            self._topic.show(self._lanes.given_out)
        if self._is_told:
            ownership.revoked([0])
        self._topic.close()
        self._lanes, self._is_told = None, False

    def _assign(self, lanes: MergedLanes) -> None:
        """Read every partition that there is."""
        from confluent_kafka import TopicPartition

        before, now = self._topic.count, time.monotonic()
        self._count_at = now + COUNTED_EVERY_S
        try:
            count = self._topic.partition_count()
        except SourceError:
            if not self._is_assigned:
                self._count_at = now  # as soon as the broker is back
            return
        if count != before or not self._is_assigned:
            places = [TopicPartition(self._topic.name, each, lanes.following(each)) for each in range(count)]
            self._topic.consumer.assign(places)
            self._paused, self._is_assigned = set(), True
            for number in range(count):
                lanes.watch(number)

    def _take(self, most: int, wait_s: float) -> list[EventBatch]:
        lanes = self._lanes
        if lanes is None:
            time.sleep(wait_s)
            return []
        if time.monotonic() >= self._count_at:
            self._assign(lanes)
        consumer = self._topic.consumer
        self._sort(lanes, consumer.consume(MOST_WAITING, 0.0))
        found = lanes.take(most)
        if not found and wait_s:
            messages = consumer.consume(1, min(wait_s, BLOCKED_S) if lanes.held else wait_s)
            self._sort(lanes, messages + (consumer.consume(MOST_WAITING, MORE_S) if messages else []))
            found = lanes.take(most)
        if not found:
            return []
        self._hold_back(lanes)
        self._show(lanes)
        missed = sum(self._missed.pop((lane, each.number), 0) for _, lane, each in found) if self._missed else 0
        return [replace(lanes.batch(found), missed=missed)]

    def _sort(self, lanes: MergedLanes, messages: list[Any]) -> None:
        """Put what came where it belongs, and note which partitions have no more."""
        from confluent_kafka import KafkaError

        came: dict[int, list[Arrived]] = {}
        tips: set[int] = set()
        for message in messages:
            error, number = message.error(), message.partition()
            if error is None:
                came.setdefault(number, []).append(
                    Arrived(message.timestamp()[1], message.offset(), message.value() or b"")
                )
                tips.discard(number)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - so the library calls it
                tips.add(number)
            else:
                self._topic.refuse(error)
        for number, mine in came.items():
            missed = self._topic.missed(number, lanes.following(number), [each.number for each in mine])
            if missed:
                self._missed[number, mine[0].number] = missed
        for number in {*came, *tips}:
            lanes.add(number, came.get(number, ()), at_tip=number in tips)
        self._hold_back(lanes)

    def _hold_back(self, lanes: MergedLanes) -> None:
        """Let the partitions stand still that are ahead of others, and go on with them in time."""
        from confluent_kafka import TopicPartition

        ahead = {number for number in range(self._topic.count) if lanes.waiting(number) >= MOST_WAITING}
        for numbers, change in ((ahead - self._paused, "pause"), (self._paused - ahead, "resume")):
            if numbers:
                getattr(self._topic.consumer, change)([TopicPartition(self._topic.name, each) for each in numbers])
        self._paused = ahead

    def _show(self, lanes: MergedLanes) -> None:
        if time.monotonic() - self._shown_at >= SHOWN_EVERY_S:
            self._shown_at = time.monotonic()
            self._topic.show(lanes.given_out)


def _marked(position: Position) -> Position:
    """Say where to go on in each partition; before there were several, the offset was that of the only one."""
    return position if position.mark else Position(position.offset, write_mark({0: position.offset}, ()))

"""Events from Kafka: one member of a group, which begins where the pane store says, not where the broker does."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from sluiceway.adapters.kafka_topic import KafkaTopic
from sluiceway.ports.event_source import EventBatch, Lag, Ownership, Position

Messages: TypeAlias = list[Any]  # confluent_kafka.Message, which the library is imported late for

MORE_S, SHOWN_EVERY_S = 0.02, 5.0


class KafkaEvents:
    """One topic of a Kafka cluster. At most 64 MiB of messages are fetched ahead.

    Offsets are committed to the broker every five seconds, for those who watch the lag of groups there, and read by
    nobody here. What one poll returned counts as learnt with the next, unless its partition is still by then.
    """

    def __init__(self, servers: str, topic: str, *, group: str, options: Mapping[str, str | int] | None = None) -> None:
        """Name a group, which the first poll joins; nothing is asked yet.

        Args:
            servers: ``host:port``, several with commas.
            topic: The topic's name.
            group: The group's name: its members share the partitions.
            options: Further settings of librdkafka, such as ``security.protocol``.
        """
        self._topic = KafkaTopic(servers, topic, group=group, options=options)
        self.is_dealt = True
        self._ownership: Ownership | None = None
        self._read: dict[int, int] = {}
        self._still: set[int] = set()
        self._subscribed = False
        self._shown_at = time.monotonic()

    def partition_count(self) -> int:
        """Return how many partitions the topic has.

        Raises:
            SourceError: there is no such topic, or nobody answers.
        """
        return self._topic.partition_count()

    def poll(self, ownership: Ownership, *, most: int, wait_s: float) -> list[EventBatch]:
        """Return at most so many messages; wait for the first as long as told.

        Raises:
            SourceError: the broker refuses who asks.
        """
        self._ownership = ownership
        self._show()
        consumer = self._topic.consumer
        if not self._subscribed:
            consumer.subscribe([self._topic.name], on_assign=self._assigned, on_revoke=self._lost, on_lost=self._lost)
            self._subscribed = True
        found = consumer.consume(most, 0.0)
        if not found:
            found = consumer.consume(1, wait_s)
            found += consumer.consume(most - 1, MORE_S) if found and most > 1 else []
        return self._batches(found)

    def seek(self, partition: int, position: Position | None) -> None:
        """Go on reading an owned partition from a position."""
        from confluent_kafka import KafkaException, TopicPartition

        consumer = self._topic.consumer
        if position is None:
            self._still.add(partition)
            self._read.pop(partition, None)
            with suppress(KafkaException):  # it was taken away meanwhile
                consumer.pause([TopicPartition(self._topic.name, partition)])
            return
        place = TopicPartition(self._topic.name, partition, position.offset)
        try:
            consumer.seek(place)
        except KafkaException:  # it was not fetched from yet
            others = [each for each in consumer.assignment() if each.partition != partition]
            for each in others:
                each.offset = self._read.get(each.partition, each.offset)
            consumer.assign([*others, place])
        self._still.discard(partition)
        consumer.resume([place])
        self._let_be_still(consumer)  # what is assigned anew is read
        self._read[partition] = position.offset

    def lags(self, positions: Mapping[int, Position]) -> dict[int, Lag]:
        """Return for each partition how many messages lie behind a position, where the broker tells."""
        behind = self._topic.behind({number: position.offset for number, position in positions.items()})
        return {number: Lag(count) for number, count in behind.items()}

    def joined(self, positions: Mapping[int, Position]) -> Position:
        """Return where to go on in the only partition there is."""
        return positions.get(0, Position())

    def close(self, ownership: Ownership) -> None:
        """Leave the group."""
        self._ownership = ownership
        if self._subscribed:
            self._topic.show(self._read)
        if self._topic.close():
            ownership.revoked(sorted({*self._read, *self._still}))
        self._read, self._still, self._subscribed = {}, set(), False

    def _assigned(self, consumer: Any, places: Messages) -> None:
        from confluent_kafka import OFFSET_BEGINNING

        numbers = [place.partition for place in places]
        begins = self._ownership.assigned(numbers) if self._ownership else {}
        for place in places:
            begin = begins.get(place.partition)
            place.offset = OFFSET_BEGINNING if begin is None else begin.offset
        consumer.assign(places)
        consumer.resume(places)  # one that stood still before it was lost would do so for ever
        self._still = {number for number in numbers if number not in begins}
        self._let_be_still(consumer)
        self._read = {number: begin.offset for number, begin in begins.items()}

    def _let_be_still(self, consumer: Any) -> None:
        from confluent_kafka import TopicPartition

        consumer.pause([TopicPartition(self._topic.name, number) for number in sorted(self._still)])

    def _lost(self, _consumer: Any, places: Messages) -> None:
        if self._ownership is not None:
            self._ownership.revoked([place.partition for place in places])
        for place in places:
            self._read.pop(place.partition, None)
            self._still.discard(place.partition)

    def _batches(self, found: Messages) -> list[EventBatch]:
        offsets: dict[int, list[int]] = {}
        values: dict[int, list[bytes]] = {}
        for message in found:
            error = message.error()
            if error is not None:
                self._topic.refuse(error)
                continue
            number = message.partition()
            offsets.setdefault(number, []).append(message.offset())
            values.setdefault(number, []).append(message.value() or b"")
        missed = {number: self._topic.missed(number, self._read.get(number, 0), offsets[number]) for number in offsets}
        self._read.update({number: mine[-1] + 1 for number, mine in offsets.items()})
        return [EventBatch(number, mine, values[number], missed=missed[number]) for number, mine in offsets.items()]

    def _show(self) -> None:
        """Tell the broker what was read, now and then."""
        if self._read and time.monotonic() - self._shown_at >= SHOWN_EVERY_S:
            self._shown_at = time.monotonic()
            self._topic.show(self._read)

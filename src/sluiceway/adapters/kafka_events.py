"""Events from Kafka: one member of a group, which begins where the pane store says, not where the broker does."""

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from sluiceway.core.errors import SourceError
from sluiceway.ports.event_source import EventBatch, Ownership

Messages: TypeAlias = list[Any]  # confluent_kafka.Message, which the library is imported late for

PATIENCE_S, MORE_S, SHOWN_EVERY_S = 10.0, 0.02, 5.0
QUEUED_KIB = 64 << 10
FIXED = {
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "allow.auto.create.topics": False,
    "partition.assignment.strategy": "range",
    "queued.max.messages.kbytes": QUEUED_KIB,
    "queued.min.messages": 200_000,
}
DEFAULTS = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 1000, "reconnect.backoff.max.ms": 1000}
HOPELESS = ("_AUTHENTICATION", "TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "SASL_AUTHENTICATION_FAILED")


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
        self._servers, self._topic, self._group = servers, topic, group
        self._options = {**DEFAULTS, **(options or {})}
        self._consumer: Any = None
        self._ownership: Ownership | None = None
        self._read: dict[int, int] = {}
        self._still: set[int] = set()
        self._count = 0
        self._subscribed = False
        self._shown_at = time.monotonic()

    def partition_count(self) -> int:
        """Return how many partitions the topic has.

        Raises:
            SourceError: there is no such topic, or nobody answers.
        """
        from confluent_kafka import KafkaException

        try:
            found = self._client().list_topics(self._topic, timeout=PATIENCE_S).topics[self._topic]
        except KafkaException as error:
            raise SourceError(
                f"Kafka at {self._servers} does not answer: {_words(error)}; check that it runs and can be reached"
            ) from None
        if found.error is not None or not found.partitions:
            raise SourceError(
                f"Kafka at {self._servers} has no topic {self._topic!r}; create it with its partitions first"
            )
        self._count = len(found.partitions)
        return self._count

    def poll(self, ownership: Ownership, *, most: int, wait_s: float) -> list[EventBatch]:
        """Return at most so many messages; wait for the first as long as told.

        Raises:
            SourceError: the broker refuses who asks.
        """
        self._ownership = ownership
        self._show()
        consumer = self._client()
        if not self._subscribed:
            consumer.subscribe([self._topic], on_assign=self._assigned, on_revoke=self._lost, on_lost=self._lost)
            self._subscribed = True
        found = consumer.consume(most, 0.0)
        if not found:
            found = consumer.consume(1, wait_s)
            found += consumer.consume(most - 1, MORE_S) if found and most > 1 else []
        return self._batches(found)

    def seek(self, partition: int, offset: int | None) -> None:
        """Go on reading an owned partition from an offset, or let it be still."""
        from confluent_kafka import KafkaException, TopicPartition

        if offset is None:
            self._still.add(partition)
            self._read.pop(partition, None)
            with suppress(KafkaException):  # it was taken away meanwhile
                self._client().pause([TopicPartition(self._topic, partition)])
            return
        consumer, place = self._client(), TopicPartition(self._topic, partition, offset)
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
        self._read[partition] = offset

    def ends(self) -> dict[int, int]:
        """Return for each partition the offset that its next message will have, where the broker tells."""
        from confluent_kafka import KafkaException, TopicPartition

        found = {}
        with suppress(KafkaException, SourceError):
            for number in range(self._count or self.partition_count()):
                place = TopicPartition(self._topic, number)
                asked = self._client().get_watermark_offsets(place, timeout=PATIENCE_S)
                heard = self._client().get_watermark_offsets(place, cached=True)  # with what was fetched last
                found[number] = max(asked[1], heard[1])
        return found

    def close(self, ownership: Ownership) -> None:
        """Leave the group."""
        self._ownership = ownership
        if self._consumer is not None:
            self._show(now=True)
            self._consumer.close()
            ownership.revoked(sorted({*self._read, *self._still}))
        self._consumer, self._read, self._still = None, {}, set()

    def _client(self) -> Any:
        if self._consumer is None:
            from confluent_kafka import Consumer

            silent = logging.getLogger("sluiceway.kafka")
            silent.addHandler(logging.NullHandler())
            silent.propagate = False
            asked = {"bootstrap.servers": self._servers, "group.id": self._group, **self._options, **FIXED}
            self._consumer = Consumer(asked, logger=silent)
        return self._consumer

    def _assigned(self, consumer: Any, places: Messages) -> None:
        from confluent_kafka import OFFSET_BEGINNING

        numbers = [place.partition for place in places]
        begins = self._ownership.assigned(numbers) if self._ownership else {}
        for place in places:
            place.offset = begins.get(place.partition, OFFSET_BEGINNING)
        consumer.assign(places)
        self._still = {number for number in numbers if number not in begins}
        self._let_be_still(consumer)
        self._read = dict(begins)

    def _let_be_still(self, consumer: Any) -> None:
        from confluent_kafka import TopicPartition

        consumer.pause([TopicPartition(self._topic, number) for number in sorted(self._still)])

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
                self._refuse(error)
                continue
            number = message.partition()
            offsets.setdefault(number, []).append(message.offset())
            values.setdefault(number, []).append(message.value() or b"")
        self._read.update({number: mine[-1] + 1 for number, mine in offsets.items()})
        return [EventBatch(number, mine, values[number]) for number, mine in offsets.items()]

    def _refuse(self, error: Any) -> None:
        if error.fatal() or error.name() in HOPELESS:
            raise SourceError(f"Kafka at {self._servers} refuses topic {self._topic!r}: {error.str()}")

    def _show(self, *, now: bool = False) -> None:
        """Commit what was read to the broker, now and then, for its displays."""
        from confluent_kafka import KafkaException, TopicPartition

        if not self._read or (not now and time.monotonic() - self._shown_at < SHOWN_EVERY_S):
            return
        self._shown_at = time.monotonic()
        with suppress(KafkaException):
            places = [TopicPartition(self._topic, number, offset) for number, offset in self._read.items() if offset]
            if places:
                self._client().commit(offsets=places, asynchronous=True)


def _words(error: Exception) -> str:
    first = error.args[0] if error.args else error
    return str(getattr(first, "str", lambda: first)())

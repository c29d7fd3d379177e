"""A topic of Kafka, as who reads it asks for it: its consumer, its partitions and where they end."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from sluiceway.core.errors import SourceError

PATIENCE_S = 10.0
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


class KafkaTopic:
    """One topic of a Kafka cluster. At most 64 MiB of messages are fetched ahead."""

    def __init__(self, servers: str, topic: str, *, group: str, options: Mapping[str, Any] | None = None) -> None:
        """Name it; nothing is asked yet.

        Args:
            servers: ``host:port``, several with commas.
            topic: The topic's name.
            group: The group's name.
            options: Further settings of librdkafka, such as ``security.protocol``.
        """
        self.name = topic
        self._servers, self._group = servers, group
        self._options = {**DEFAULTS, **(options or {})}
        self.count = 0

    @cached_property
    def consumer(self) -> Any:
        """A consumer that says nothing by itself."""
        from confluent_kafka import Consumer

        silent = logging.getLogger("sluiceway.kafka")
        silent.addHandler(logging.NullHandler())
        silent.propagate = False
        asked = {"bootstrap.servers": self._servers, "group.id": self._group, **self._options, **FIXED}
        return Consumer(asked, logger=silent)

    def close(self) -> bool:
        """End the consumer, if there is one."""
        opened = self.__dict__.pop("consumer", None)
        if opened is not None:
            opened.close()
        return opened is not None

    def partition_count(self) -> int:
        """Return how many partitions the topic has.

        Raises:
            SourceError: there is no such topic, or nobody answers.
        """
        from confluent_kafka import KafkaException

        try:
            found = self.consumer.list_topics(self.name, timeout=PATIENCE_S).topics[self.name]
        except KafkaException as error:
            raise SourceError(
                f"Kafka at {self._servers} does not answer: {_words(error)}; check that it runs and can be reached"
            ) from None
        if found.error is not None or not found.partitions:
            raise SourceError(
                f"Kafka at {self._servers} has no topic {self.name!r}; create it with its partitions first"
            )
        self.count = len(found.partitions)
        return self.count

    def behind(self, following: Mapping[int, int]) -> dict[int, int]:
        """Count for each partition the messages from an offset on that are there, where the broker tells.

        Below 0 where it ends before that offset.
        """
        from confluent_kafka import KafkaException, TopicPartition

        found = {}
        with suppress(KafkaException, SourceError):
            for number in range(self.count or self.partition_count()):
                place = TopicPartition(self.name, number)
                asked = self.consumer.get_watermark_offsets(place, timeout=PATIENCE_S)
                heard = self.consumer.get_watermark_offsets(place, cached=True)  # with what was fetched last
                found[number] = max(asked[1], heard[1]) - max(following.get(number, 0), asked[0])
        return found

    def missed(self, number: int, following: int, offsets: Sequence[int]) -> int:
        """Count the messages from ``following`` on, up to the last of ``offsets``, that the broker had let go.

        Other numbers that are left out never were messages, such as the ends of transactions, or were compacted. Where
        the broker does not answer they count too: better too many than none.
        """
        if not following or offsets[-1] - following + 1 == len(offsets):
            return 0
        oldest = min(self._oldest(number, offsets[-1]), offsets[-1])
        kept = sum(following <= offset < oldest for offset in offsets)
        return max(oldest - following - kept, 0)

    def _oldest(self, number: int, otherwise: int) -> int:
        from confluent_kafka import KafkaException, TopicPartition

        with suppress(KafkaException):
            place = TopicPartition(self.name, number)
            return int(self.consumer.get_watermark_offsets(place, timeout=PATIENCE_S)[0])
        return otherwise

    def refuse(self, error: Any) -> None:
        """Let an error of a message pass, unless waiting does not help.

        Raises:
            SourceError: the broker refuses who asks.
        """
        if error.fatal() or error.name() in HOPELESS:
            raise SourceError(f"Kafka at {self._servers} refuses topic {self.name!r}: {error.str()}")

    def show(self, offsets: Mapping[int, int]) -> None:
        """Commit what was read to the broker, for its displays; nobody here reads it."""
        from confluent_kafka import KafkaException, TopicPartition

        with suppress(KafkaException):
            places = [TopicPartition(self.name, number, offset) for number, offset in offsets.items() if offset]
            if places:
                self.consumer.commit(offsets=places, asynchronous=True)


def _words(error: Exception) -> str:
    first = error.args[0] if error.args else error
    return str(getattr(first, "str", lambda: first)())

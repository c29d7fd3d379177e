"""The side channel in Kafka: the topics ``NAME.dead`` and ``NAME.late`` beside a topic, with the reason in headers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sluiceway.adapters.kafka_producer import PATIENCE_S, TOO_LARGE, KafkaProducer, Sent
from sluiceway.core.errors import SourceError, TransientError
from sluiceway.ports.side_channel import Aside

LEAST = 1000


class KafkaSide:
    """Messages as they were, keyed by partition and offset, which are headers too, as are ``why`` and ``at``.

    Topics that are missing are created, with one partition. A killed worker may send a message again. Of one that does
    not fit beside its headers, or that the broker finds too large, the beginning is kept, and the header
    ``cut_from_bytes`` says so: it is still where ``partition`` and ``offset`` point to.
    """

    def __init__(self, servers: str, topic: str, *, options: Mapping[str, str | int] | None = None) -> None:
        self._servers, self._topic, self._options = servers, topic, dict(options or {})
        self._producer = KafkaProducer(servers, options)
        self._created: set[str] = set()

    def put(self, source: str, messages: Sequence[Aside]) -> None:  # noqa: ARG002 - a topic has one source
        """Keep messages durably before returning.

        Raises:
            TransientError: the broker did not take them all.
        """
        for kind in sorted({message.kind for message in messages}):
            self._create(f"{self._topic}.{kind}")
        told = self._producer.send([self._sent(message, self._room) for message in messages])
        again = [message for message, why in zip(messages, told, strict=True) if why == TOO_LARGE]
        refused = [why for why in told if isinstance(why, str) and why != TOO_LARGE]
        refused += [
            why for why in self._producer.send([self._sent(each, LEAST) for each in again]) if isinstance(why, str)
        ]
        if refused:
            raise TransientError(
                f"Kafka at {self._servers} did not take messages set aside of {self._topic!r}: {refused[0]}"
            )

    def read(self, source: str, kind: str) -> list[Aside]:  # noqa: ARG002 - a topic has one source
        """Return what was set aside of a kind, as far as the topic keeps it.

        Raises:
            SourceError: nobody answers.
        """
        from confluent_kafka import Consumer, KafkaException, TopicPartition

        topic = f"{self._topic}.{kind}"
        asked = {"bootstrap.servers": self._servers, "group.id": f"{topic}.read", "enable.auto.commit": False}
        consumer = Consumer({**asked, "log_level": 0, **self._options})
        try:
            if topic not in consumer.list_topics(timeout=PATIENCE_S).topics:
                return []
            begin, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=PATIENCE_S)
            consumer.assign([TopicPartition(topic, 0, begin)])
            return [_aside(kind, message) for message in _messages(consumer, begin, end)]
        except KafkaException as error:
            raise SourceError(f"Kafka at {self._servers} does not tell what is in {topic!r}: {error.args[0]}") from None
        finally:
            consumer.close()

    @property
    def _room(self) -> int:
        """How many bytes of a value there is room for, beside the rest."""
        return max(LEAST, self._producer.largest - 8 * LEAST)

    def _sent(self, message: Aside, room: int) -> Sent:
        headers = {"why": message.why[:LEAST], "partition": str(message.partition), "offset": str(message.offset)}
        headers |= {} if message.at is None else {"at": str(message.at)}
        if len(message.value) > room:
            headers["cut_from_bytes"] = str(len(message.value))
        key = f"{message.partition}:{message.offset}".encode()
        return Sent(f"{self._topic}.{message.kind}", message.value[:room], key, headers)

    def _create(self, topic: str) -> None:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

        if topic in self._created:
            return
        admin = AdminClient({"bootstrap.servers": self._servers, "log_level": 0, **self._options})
        try:
            if topic not in admin.list_topics(timeout=PATIENCE_S).topics:
                admin.create_topics([NewTopic(topic, 1)])[topic].result(PATIENCE_S)
        except KafkaException as error:
            if "already exists" not in str(error):
                raise TransientError(f"Kafka at {self._servers} has no topic {topic!r}, and makes none") from None
        self._created.add(topic)


def _messages(consumer: Any, begin: int, end: int) -> Iterator[Any]:
    """Read one partition up to an offset, or to where nothing more comes."""
    while begin < end:
        found = consumer.consume(1000, timeout=PATIENCE_S)
        if not found:
            return
        yield from (message for message in found if message.error() is None)
        begin = found[-1].offset() + 1


def _aside(kind: str, message: Any) -> Aside:
    told = {name: value.decode() for name, value in message.headers()}
    at = int(told["at"]) if "at" in told else None
    return Aside(kind, int(told["partition"]), int(told["offset"]), told["why"], message.value() or b"", at)

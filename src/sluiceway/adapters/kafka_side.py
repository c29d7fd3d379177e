"""The side channel in Kafka: the topics ``NAME.dead`` and ``NAME.late`` beside a topic, with the reason in headers."""

from collections.abc import Mapping, Sequence

from sluiceway.adapters.kafka_producer import PATIENCE_S, TOO_LARGE, KafkaProducer, Sent
from sluiceway.core.errors import TransientError
from sluiceway.ports.side_channel import Aside

LEAST = 1000


class KafkaSide:
    """Messages as they were, with the headers ``why``, ``partition`` and ``offset``, keyed by the last two.

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

    @property
    def _room(self) -> int:
        """How many bytes of a value there is room for, beside the rest."""
        return max(LEAST, self._producer.largest - 8 * LEAST)

    def _sent(self, message: Aside, room: int) -> Sent:
        headers = {"why": message.why[:LEAST], "partition": str(message.partition), "offset": str(message.offset)}
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

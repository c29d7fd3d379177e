"""The Kafka producer: messages that every replica in sync has, each once, or of which it is said why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sluiceway.ports.event_sink import Added

PATIENCE_S = 10.0
FIXED = {"acks": "all", "enable.idempotence": True, "log_level": 0}
# Java's partitioner, so that others who key by the same column meet in the same partition.
DEFAULTS = {"linger.ms": 0, "message.timeout.ms": 8000, "partitioner": "murmur2_random"}
LARGEST, FRAME = "message.max.bytes", 1000
TOO_LARGE, NO_ANSWER = "it is too large", f"no answer within {PATIENCE_S:g} seconds"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message to send. No key lets it go to any partition."""

    topic: str
    value: bytes
    key: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """What it takes at most."""
        texts = sum(len(name) + 4 * len(value) for name, value in self.headers.items())
        return len(self.value) + len(self.key or b"") + texts + FRAME


class KafkaProducer:
    """Sends to the topics of one cluster. Safe to share between threads. What the library repeats is there once."""

    def __init__(self, servers: str, options: Mapping[str, str | int] | None = None) -> None:
        """Name the brokers, ``host:port`` with commas; nothing is asked yet."""
        self._asked: dict[str, Any] = {"bootstrap.servers": servers, **DEFAULTS, **(options or {}), **FIXED}
        self.largest: int = int(self._asked.get(LARGEST, 1_000_000))
        self._opened: Any = None
        self._turn = Lock()

    def send(self, messages: Sequence[Sent]) -> list[Added | str]:
        """Send messages; say of each where it is, or why it is not known to be anywhere."""
        told: list[Added | str] = [NO_ANSWER] * len(messages)
        with self._turn:
            producer = self._producer()
            for place, message in enumerate(messages):
                self._begin(producer, message, place, told)
            producer.flush(PATIENCE_S)
        return list(told)

    def _begin(self, producer: Any, message: Sent, place: int, told: list[Added | str]) -> None:
        from confluent_kafka import KafkaException

        try:
            producer.produce(
                message.topic,
                key=message.key,
                value=message.value,
                headers=dict(message.headers),
                on_delivery=_heard(told, place),
            )
            producer.poll(0)
        except BufferError:
            told[place] = "too much waits for the broker already"
        except KafkaException as error:
            told[place] = _why(error.args[0])

    def _producer(self) -> Any:
        if self._opened is None:
            from confluent_kafka import Producer

            self._opened = Producer(self._asked)
        return self._opened


def _heard(told: list[Added | str], place: int) -> Any:
    def heard(error: Any, message: Any) -> None:
        told[place] = _why(error) if error is not None else Added(message.partition(), message.offset())

    return heard


def _why(error: Any) -> str:
    return TOO_LARGE if error.name() == "MSG_SIZE_TOO_LARGE" else str(error.str())

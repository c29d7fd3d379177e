"""The event sink in Kafka: messages are acknowledged by every replica in sync before they count as added."""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from sluiceway.core.errors import TransientError
from sluiceway.ports.event_sink import Added, Event

PATIENCE_S = 10.0
FIXED = {"acks": "all", "log_level": 0}
# Java's partitioner, so that others who key by the same column meet in the same partition.
DEFAULTS = {"linger.ms": 0, "message.timeout.ms": 8000, "partitioner": "murmur2_random"}


class KafkaSink:
    """Produces to topics that are there; a retry by the library may add a message twice."""

    def __init__(self, servers: str, *, options: Mapping[str, str | int] | None = None) -> None:
        """Name the brokers, ``host:port`` with commas; nothing is asked yet."""
        self._servers, self._options = servers, {**DEFAULTS, **(options or {})}
        self._opened: Any = None
        self._turn = Lock()

    def append(self, topic: str, events: Sequence[Event]) -> list[Added]:
        """Add messages.

        Raises:
            TransientError: not every message was acknowledged; some may be there.
        """
        added: list[Added | None] = [None] * len(events)
        refused: list[str] = []
        with self._turn:
            producer = self._producer()
            try:
                for place, event in enumerate(events):
                    producer.produce(
                        topic, key=event.key or None, value=event.value, on_delivery=_heard(added, refused, place)
                    )
                    producer.poll(0)
                producer.flush(PATIENCE_S)
            except BufferError:
                refused.append("too much waits for the broker already")
        found = [each for each in added if each is not None]
        if len(found) < len(events):
            why = refused[0] if refused else f"no answer within {PATIENCE_S:g} seconds"
            raise TransientError(
                f"Kafka at {self._servers} did not take {len(events) - len(found):,} of {len(events):,} messages of "
                f"topic {topic!r}: {why}"
            )
        return found

    def _producer(self) -> Any:
        if self._opened is None:
            from confluent_kafka import Producer

            self._opened = Producer({"bootstrap.servers": self._servers, **self._options, **FIXED})
        return self._opened


def _heard(added: list[Added | None], refused: list[str], place: int) -> Any:
    def heard(error: Any, message: Any) -> None:
        if error is not None:
            refused.append(error.str())
        else:
            added[place] = Added(message.partition(), message.offset())

    return heard

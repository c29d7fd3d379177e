"""The event sink in Kafka: messages are acknowledged by every replica in sync before they count as added."""

from collections.abc import Mapping, Sequence

from sluiceway.adapters.kafka_producer import KafkaProducer, Sent
from sluiceway.core.errors import SourceError, TransientError
from sluiceway.ports.event_sink import Added, Event


class KafkaSink:
    """Produces to topics that are there."""

    def __init__(self, servers: str, *, options: Mapping[str, str | int] | None = None) -> None:
        """Name the brokers, ``host:port`` with commas; nothing is asked yet."""
        self._servers = servers
        self._producer = KafkaProducer(servers, options)

    def append(self, topic: str, events: Sequence[Event]) -> list[Added]:
        """Add messages.

        Raises:
            SourceError: one is larger than producers here may send; none was added.
            TransientError: not every message was acknowledged; some may be there.
        """
        messages = [Sent(topic, event.value, event.key or None) for event in events]
        largest = max((message.size_bytes for message in messages), default=0)
        if largest > self._producer.largest:
            raise SourceError(
                f"Kafka at {self._servers} takes messages of at most {self._producer.largest:,} bytes, and one for "
                f"topic {topic!r} has {largest:,} with its frame; raise message.max.bytes in events, and at the broker"
            )
        told = self._producer.send(messages)
        refused = [why for why in told if isinstance(why, str)]
        if refused:
            raise TransientError(
                f"Kafka at {self._servers} did not take {len(refused):,} of {len(events):,} messages of topic "
                f"{topic!r}: {refused[0]}"
            )
        return [added for added in told if not isinstance(added, str)]

"""An event sink in memory: for tests. Its topics are those of ``memory_events``."""

from collections.abc import Mapping, Sequence
from zlib import crc32

from sluiceway.adapters.memory_events import MemoryTopic
from sluiceway.core.errors import SourceError
from sluiceway.ports.event_sink import Added, Event


class MemorySink:
    """Adds to topics by name; a key's hash decides the partition."""

    def __init__(self, topics: Mapping[str, MemoryTopic]) -> None:
        self._topics = topics

    def append(self, topic: str, events: Sequence[Event]) -> list[Added]:
        """Add messages.

        Raises:
            SourceError: there is no such topic.
        """
        found = self._topics.get(topic)
        if found is None:
            raise SourceError(f"there is no topic {topic!r}; there is {', '.join(self._topics)}")
        added = []
        for event in events:
            partition = crc32(event.key) % len(found.logs)
            found.append(partition, [event.value])
            added.append(Added(partition, len(found.logs[partition]) - 1))
        return added

"""The event sink without a broker: topics as spools in a folder, of one partition each."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from sluiceway.adapters.spool import Spool
from sluiceway.ports.event_sink import Added, Event


class SpoolSink:
    """Adds to ``folder/topic``; what a call adds is read as a whole, or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spools: dict[str, Spool] = {}
        self._turn = Lock()

    def append(self, topic: str, events: Sequence[Event]) -> list[Added]:
        """Add messages.

        Raises:
            SourceError: the disk refuses; nothing was added.
        """
        with self._turn:
            spool = self._spools.setdefault(topic, Spool(self._folder / topic))
            first = spool.append([event.value for event in events])
        return [Added(0, first + place) for place in range(len(events))]

"""Event sinks: where messages of topics are added, durably."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Event(NamedTuple):
    """One message. Equal keys go to one partition; the empty key to any."""

    key: bytes
    value: bytes


class Added(NamedTuple):
    """Where a message is: its partition and its offset there, or its lane and number, as sources tell its origin."""

    partition: int
    offset: int


class EventSink(Protocol):
    """Adds messages to topics. Safe to share between threads, and with other processes that add to the same topics.

    Messages of one key that are added by one call are read in their order, unless the place was too busy for some.
    """

    def append(self, topic: str, events: Sequence[Event]) -> list[Added]:
        """Add messages; they are where they are read from, and safe there, before it returns where each is.

        Raises:
            SourceError: the place refuses; nothing was added.
            TransientError: the broker did not answer for all of them; some may be there.
        """

"""Event sources by topic: where all topics of a project are."""

from typing import Protocol

from sluiceway.ports.event_source import EventSource
from sluiceway.ports.side_channel import SideChannel


class EventSources(Protocol):
    """Opens topics. Safe to share between threads."""

    @property
    def kind(self) -> str:
        """What kind of place it is: offsets of one kind say nothing of another."""

    @property
    def shown(self) -> str:
        """The place as it may be told, without secrets."""

    def events(self, topic: str, *, group: str, as_one: bool = False) -> EventSource:
        """Open a topic as a member of a group; groups read all of it, each for itself. Nothing is asked of it yet.

        ``as_one`` reads all of its partitions as one, in the order in which messages arrived.
        """

    def side(self, topic: str) -> SideChannel:
        """Open where messages of a topic are set aside. Nothing is asked of it yet."""

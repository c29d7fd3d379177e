"""The event intake: what a server must know of streamed sources to take their rows as they come, without user code."""

from dataclasses import dataclass
from typing import Any

from sluiceway.artifacts.serving_contract import Field

INTAKE_KEY = "events/intake.json"


@dataclass(frozen=True, slots=True)
class RowTime:
    """One of the two times of a row: an expression's tree, and the columns it reads."""

    tree: tuple[Any, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StreamedSource:
    """A source whose rows arrive as messages of ``topic``, which are keyed by ``keys``.

    ``columns`` are those of its table, ``read`` those of them that views read: an event has these, its keys and what
    its times are made of; where nobody said what is read, all columns. ``format`` is how messages are written.
    ``fact_keys`` are the source's own key, ``lateness`` is the topic's.
    """

    name: str
    topic: str
    format: str
    keys: tuple[str, ...]
    columns: tuple[Field, ...]
    event: RowTime
    known: RowTime
    fact_keys: tuple[str, ...] = ()
    lateness: str = "5m"
    read: tuple[str, ...] | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns that an event must have, in the order of the table's."""
        names = tuple(column.name for column in self.columns)
        if self.read is None:
            return names
        needed = {*self.read, *self.keys, *self.fact_keys, *self.event.columns, *self.known.columns}
        return tuple(name for name in names if name in needed)


@dataclass(frozen=True, slots=True)
class EventIntake:
    """Every streamed source of a project, as its newest ingested tables have them."""

    sources: tuple[StreamedSource, ...] = ()

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

    ``columns`` are those of its table: an event has them all. ``format`` is how messages are written. ``fact_keys`` are
    the source's own key, ``lateness`` is the topic's.
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


@dataclass(frozen=True, slots=True)
class EventIntake:
    """Every streamed source of a project, as its newest ingested tables have them."""

    sources: tuple[StreamedSource, ...] = ()

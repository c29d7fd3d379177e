"""The side channel: where messages go that a stream could not use, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

DEAD, LATE = "dead", "late"
LATE_FOR = "late for "


@dataclass(frozen=True, slots=True)
class Aside:
    """A message set aside: ``dead``, as nothing can be made of it, or ``late`` for the views that ``why`` names.

    ``partition`` and ``offset`` identify it: a killed worker may set it aside again. ``at`` is when that was, wall time
    in microseconds; ``None`` where nobody knows.
    """

    kind: str
    partition: int
    offset: int
    why: str
    value: bytes
    at: int | None = None

    @property
    def views(self) -> frozenset[str]:
        """The views that a late message is late for."""
        return frozenset(self.why.removeprefix(LATE_FOR).split(", ")) if self.kind == LATE else frozenset()


class SideChannel(Protocol):
    """Keeps messages that were set aside. Safe to call again with what it has."""

    def put(self, source: str, messages: Sequence[Aside]) -> None:
        """Keep messages durably before returning.

        Raises:
            TransientError: they may not have been kept.
        """

    def read(self, source: str, kind: str) -> list[Aside]:
        """Return what was set aside of a kind, each message at least once; the value of one that is no text may differ.

        Raises:
            SourceError: it cannot be read.
        """

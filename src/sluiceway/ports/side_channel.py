"""The side channel: where messages go that a stream could not use, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

DEAD, LATE = "dead", "late"


@dataclass(frozen=True, slots=True)
class Aside:
    """A message set aside: ``dead``, as nothing can be made of it, or ``late`` for the views that ``why`` names.

    ``partition`` and ``offset`` identify it: a killed worker may set it aside again.
    """

    kind: str
    partition: int
    offset: int
    why: str
    value: bytes


class SideChannel(Protocol):
    """Keeps messages that were set aside. Safe to call again with what it has."""

    def put(self, source: str, messages: Sequence[Aside]) -> None:
        """Keep messages durably before returning.

        Raises:
            TransientError: they may not have been kept.
        """

"""Sweepable: a store that can tell what it holds in vain, and remove it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

OBJECT, TABLE, STAGED = "object", "table", "staged"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that may go, and how many bytes that frees.

    ``kind`` is ``object``, ``table`` (``key`` is a name, ``@`` and a content id) or ``staged``: what a write that was
    killed left behind, which no reader ever sees.
    """

    key: str
    size_bytes: int
    kind: str


class Sweepable(Protocol):
    """A store of objects or tables that can be swept. Both methods are called while nobody writes to the store.

    A kill in the middle of a removal leaves what is kept whole; the rest of what was to go is found again by the next
    look. To remove what is gone already changes nothing.
    """

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name what is not kept, sorted by key, and what killed writes left; nothing is removed.

        A store may hold on to the newest version of a table of which an older one is kept.

        Args:
            is_kept: Tells of an object's key, or of a table's name, ``@`` and content id, whether it must stay.
        """

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what ``leftovers`` named, and nothing else. Raises ``SourceError`` when the store refuses."""

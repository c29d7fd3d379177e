"""Sweepable: a store that can tell what it holds in vain, and remove it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

OBJECT, TABLE, STAGED, VIEW, STREAM, SEGMENT = "object", "table", "staged", "view", "stream", "segment"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that may go, and how many bytes that frees.

    ``kind`` is ``object``, ``table`` (``key`` is a name, ``@`` and a content id), ``view`` (of an online store; ``key``
    is as ``view_key`` makes it), ``stream`` (what one keeps of a partition), ``segment`` (of a spool; ``key`` is as
    ``segment_key`` makes it) or ``staged``: what a write that was killed left behind, which no reader ever sees.
    """

    key: str
    size_bytes: int
    kind: str


def view_key(digest: str) -> str:
    """Name a view of an online store, which is called by its definition's digest."""
    return f"online@{digest}"


def segment_key(topic: str, first: int, *, upto: int) -> str:
    """Name a piece of a topic in a spool: the messages from an offset on, up to before another."""
    return f"spool@{topic}@{first:020d}@{upto}"


class Sweepable(Protocol):
    """A store of objects, tables or views that can be swept. Both methods are called while nobody writes to the store.

    A kill in the middle of a removal leaves what is kept whole; the rest of what was to go is found again by the next
    look. To remove what is gone already changes nothing.
    """

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name what is not kept, sorted by key, and what killed writes left; nothing is removed.

        A store may hold on to the newest version of a table of which an older one is kept.

        Args:
            is_kept: Tells of an object's key, of a table's name, ``@`` and content id, of a view's or a segment's key,
                whether it must stay.
        """

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what ``leftovers`` named, and nothing else. Raises ``SourceError`` when the store refuses."""

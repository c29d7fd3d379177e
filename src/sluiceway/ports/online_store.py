"""The online store: the newest packed value of each entity, by view."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

from sluiceway.core.errors import MisuseError

STAMP_BYTES = 16
Asked: TypeAlias = tuple[str, Sequence[bytes]]  # a view, and the keys that are asked of it


class OnlineStore(Protocol):
    """Packed values under ``(view, key)``. Safe to share between threads and processes.

    A value starts with a 16-byte stamp that orders writes byte by byte (see ``plans.packed_value``). A write takes
    effect only where its stamp is not older than the stored one, so replays and late batches never go back in time,
    also when one batch holds a key twice or two writers race. Each key is written at once; a batch that is broken off
    may be there in part, and ends the same when it is written again. Where the store cannot be asked, every method
    raises a ``SluicewayError`` within a bounded time.
    """

    def write(self, view: str, items: Iterable[tuple[bytes, bytes]]) -> int:
        """Store values by key unless newer ones are there; return how many took effect.

        Nothing is stored before ``items`` has ended and every value has been checked.
        """

    def read(self, view: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return each key's value in order, ``None`` where there is none."""

    def read_many(self, asked: Sequence[Asked]) -> list[list[bytes | None]]:
        """Return for each view that is asked, and each of its keys, the value, ``None`` where there is none.

        All of it takes one round trip, up to what a store takes at once; what is read of a view is never of two
        replacements.
        """

    def count(self, view: str) -> int:
        """Return how many keys a view has."""

    def replace(self, view: str, items: Iterable[tuple[bytes, bytes]], *, snapshot: str) -> None:
        """Let a view hold these values and no others, whatever their stamps, all at once.

        ``snapshot`` names what the values are of; later writes go on from it. A replacement that is broken off, also
        by a kill, leaves the view as it was.
        """

    def mark(self, view: str, *, snapshot: str) -> None:
        """Say what a view's values are of from now on; they stay. A view without values may be marked too."""

    def snapshot(self, view: str) -> str:
        """Return what a view's values were last replaced or marked with, or the empty text."""


def checked_value(value: bytes) -> bytes:
    """Refuse a value that cannot be ordered, as every adapter does.

    Raises:
        MisuseError: it is shorter than its stamp.
    """
    if len(value) < STAMP_BYTES:
        raise MisuseError(
            f"a packed value starts with a stamp of {STAMP_BYTES} bytes; this one has {len(value)} in all"
        )
    return value


def checked(items: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Gather a batch, so that nothing of it is stored where it breaks off or a value cannot be ordered.

    Raises:
        MisuseError: a value is shorter than its stamp.
    """
    return [(key, checked_value(value)) for key, value in items]

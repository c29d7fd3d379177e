"""The online store: the newest packed value of each entity, by view."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sluiceway.core.errors import MisuseError

STAMP_BYTES = 16


class OnlineStore(Protocol):
    """Packed values under ``(view, key)``. Safe to share between threads and processes.

    A value starts with a 16-byte stamp that orders writes byte by byte (see ``plans.packed_value``). A write takes
    effect only where its stamp is not older than the stored one, so replays and late batches never go back in time,
    also when one batch holds a key twice. A batch is atomic per call.
    """

    def write(self, view: str, items: Iterable[tuple[bytes, bytes]]) -> int:
        """Store values by key unless newer ones are there; return how many took effect."""

    def read(self, view: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return each key's value in order, ``None`` where there is none."""

    def count(self, view: str) -> int:
        """Return how many keys a view has."""

    def replace(self, view: str, items: Iterable[tuple[bytes, bytes]], *, snapshot: str) -> None:
        """Let a view hold these values and no others, whatever their stamps, all at once.

        ``snapshot`` names what the values are of; later writes go on from it.
        """

    def snapshot(self, view: str) -> str:
        """Return what a view's values were last replaced with, or the empty text."""


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

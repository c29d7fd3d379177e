"""The online store in memory: for tests, and for rehearsals in one process."""

from collections.abc import Iterable, Sequence
from threading import Lock

from sluiceway.ports.online_store import STAMP_BYTES, checked_value


class MemoryOnline:
    """Packed values in a dictionary. Shared by the threads of one process, and gone with it."""

    def __init__(self) -> None:
        self._views: dict[str, dict[bytes, bytes]] = {}
        self._snapshots: dict[str, str] = {}
        self._lock = Lock()

    def write(self, view: str, items: Iterable[tuple[bytes, bytes]]) -> int:
        """Store values by key unless newer ones are there; return how many took effect.

        Raises:
            MisuseError: a value is shorter than its stamp; then nothing of the batch is stored.
        """
        with self._lock:
            stored = dict(self._views.get(view, {}))
            effective = 0
            for key, value in items:
                old = stored.get(key, b"")
                if checked_value(value)[:STAMP_BYTES] >= old[:STAMP_BYTES]:
                    stored[key] = value
                    effective += 1
            self._views[view] = stored
            return effective

    def read(self, view: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return each key's value in order, ``None`` where there is none."""
        stored = self._views.get(view, {})  # one dictionary, which no write changes: a batch is seen whole
        return [stored.get(key) for key in keys]

    def count(self, view: str) -> int:
        """Return how many keys a view has."""
        return len(self._views.get(view, {}))

    def replace(self, view: str, items: Iterable[tuple[bytes, bytes]], *, snapshot: str) -> None:
        """Let a view hold these values and no others, whatever their stamps, all at once.

        Raises:
            MisuseError: a value is shorter than its stamp; then everything stays as it was.
        """
        with self._lock:
            stored: dict[bytes, bytes] = {}
            for key, value in items:
                if checked_value(value)[:STAMP_BYTES] >= stored.get(key, b"")[:STAMP_BYTES]:
                    stored[key] = value
            self._views[view], self._snapshots[view] = stored, snapshot

    def force(self, view: str, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Store values whatever is stored, as streams do whose newest fact was taken back."""
        with self._lock:
            self._views[view] = {**self._views.get(view, {}), **dict(items)}

    def snapshot(self, view: str) -> str:
        """Return what a view's values were last replaced with, or the empty text."""
        return self._snapshots.get(view, "")

"""The online store in memory: for tests, and for rehearsals in one process."""

from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from sluiceway.ports.online_store import STAMP_BYTES, Asked, checked
from sluiceway.ports.sweepable import VIEW, Leftover, view_key


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
        batch = checked(items)
        with self._lock:
            self._views[view], effective = _over(self._views.get(view, {}), batch)
            return effective

    def read(self, view: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return each key's value in order, ``None`` where there is none."""
        stored = self._views.get(view, {})  # one dictionary, which no write changes: a batch is seen whole
        return [stored.get(key) for key in keys]

    def read_many(self, asked: Sequence[Asked]) -> list[list[bytes | None]]:
        """Return for each view that is asked, and each of its keys, the value, ``None`` where there is none."""
        return [self.read(view, keys) for view, keys in asked]

    def count(self, view: str) -> int:
        """Return how many keys a view has."""
        return len(self._views.get(view, {}))

    def replace(self, view: str, items: Iterable[tuple[bytes, bytes]], *, snapshot: str) -> None:
        """Let a view hold these values and no others, whatever their stamps, all at once.

        Raises:
            MisuseError: a value is shorter than its stamp; then everything stays as it was.
        """
        stored, _ = _over({}, checked(items))
        with self._lock:
            self._views[view], self._snapshots[view] = stored, snapshot

    def mark(self, view: str, *, snapshot: str) -> None:
        """Say what a view's values are of from now on; they stay."""
        with self._lock:
            self._views.setdefault(view, {})
            self._snapshots[view] = snapshot

    def force(self, view: str, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Store values whatever is stored, as streams do whose newest fact was taken back."""
        with self._lock:
            self._views[view] = {**self._views.get(view, {}), **dict(items)}

    def snapshot(self, view: str) -> str:
        """Return what a view's values were last replaced with, or the empty text."""
        return self._snapshots.get(view, "")

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name the views that are not kept, sorted by key; nothing is removed."""
        sizes = {view: sum(len(key) + len(value) for key, value in held.items()) for view, held in self._views.items()}
        found = [Leftover(view_key(view), size, VIEW) for view, size in sizes.items()]
        return sorted((each for each in found if not is_kept(each.key)), key=lambda each: each.key)

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove the views that ``leftovers`` named, and nothing else."""
        with self._lock:
            for view in [view for view in self._views if view_key(view) in {each.key for each in found}]:
                del self._views[view]
                self._snapshots.pop(view, None)


def _over(stored: dict[bytes, bytes], batch: Sequence[tuple[bytes, bytes]]) -> tuple[dict[bytes, bytes], int]:
    """Lay a batch over what is stored, which stays as it is; also count what took effect."""
    stored, effective = dict(stored), 0
    for key, value in batch:
        if value[:STAMP_BYTES] >= stored.get(key, b"")[:STAMP_BYTES]:
            stored[key] = value
            effective += 1
    return stored, effective

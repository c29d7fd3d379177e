"""The pane store in memory: for tests, and for streams in one process."""

from collections.abc import Sequence
from threading import Lock

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.core.errors import ConflictError
from sluiceway.ports.online_store import checked_value
from sluiceway.ports.pane_store import PaneCommit, Row


class MemoryPanes:
    """State in dictionaries, beside an online store in memory. Gone with the process."""

    def __init__(self, online: MemoryOnline) -> None:
        self._online = online
        self._state: dict[str, tuple[bytes, dict[bytes, bytes]]] = {}
        self._lock = Lock()

    def header(self, partition: str) -> bytes:
        """Return the header of the last commit, empty before the first."""
        return self._state.get(partition, (b"", {}))[0]

    def load(self, partition: str, keys: Sequence[bytes] | None = None) -> tuple[bytes, list[Row]]:
        """Return the header and all rows, or those with some keys, of one moment."""
        header, rows = self._state.get(partition, (b"", {}))
        return header, list(rows.items()) if keys is None else [(key, rows[key]) for key in keys if key in rows]

    def commit(self, partition: str, change: PaneCommit) -> None:
        """Make one change.

        Raises:
            ConflictError: another header is stored than the change builds upon.
            MisuseError: an online value is shorter than its stamp.
        """
        with self._lock:
            header, rows = self._state.get(partition, (b"", {}))
            if header != change.before:
                raise conflict(partition)
            for _, _, value in (*change.online, *change.forced):
                checked_value(value)
            kept = {**rows, **dict(change.put)}
            for key in change.drop:
                kept.pop(key, None)
            self._state[partition] = (change.header, kept)
            for view, items in by_view(change.online).items():
                self._online.write(view, items)
            for view, items in by_view(change.forced).items():
                self._online.force(view, items)

    def partitions(self, beginning: str) -> list[str]:
        """List the partitions whose name begins with these letters, in order."""
        return sorted(name for name in self._state if name.startswith(beginning))

    def forget(self, partition: str) -> None:
        """Remove a partition's header and rows; served values stay."""
        with self._lock:
            self._state.pop(partition, None)


def by_view(values: Sequence[tuple[str, bytes, bytes]]) -> dict[str, list[tuple[bytes, bytes]]]:
    """Sort online values by their view."""
    found: dict[str, list[tuple[bytes, bytes]]] = {}
    for view, key, value in values:
        found.setdefault(view, []).append((key, value))
    return found


def conflict(partition: str) -> ConflictError:
    """Say that another worker owns a partition, or that nobody does any more."""
    return ConflictError(
        f"the stream of {partition} was taken over by another worker, or its state is gone from the store; this one's "
        "commit was refused"
    )

"""The state store in memory: for tests."""

from collections.abc import Iterator
from threading import Lock

from sluiceway.ports.state_store import StoredEntry, require_following


class MemoryState:
    """Entries in a list. Shared by the threads of one process, and gone with it."""

    def __init__(self) -> None:
        self._entries: list[StoredEntry] = []
        self._lock = Lock()

    def append(self, entry: StoredEntry) -> None:
        """Add an entry after the newest. Raises ``ConflictError`` unless it follows it."""
        with self._lock:
            require_following(self.newest(), entry)
            self._entries.append(entry)

    def newest(self) -> StoredEntry | None:
        """Return the newest entry, or ``None`` while there is none."""
        return self._entries[-1] if self._entries else None

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """Yield the entries behind a sequence number, oldest first."""
        yield from self._entries[after:]

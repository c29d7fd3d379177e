"""The state store: an append-only list of entries."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry: its place from 1, the digest of the entry before, its own, and its bytes."""

    sequence: int
    previous: str
    digest: str
    body: bytes


class StateStore(Protocol):
    """Append-only, durable when ``append`` returns. Safe to share between threads and processes."""

    def append(self, entry: StoredEntry) -> None:
        """Add an entry after the newest. Raises ``ConflictError`` unless it follows it by number and digest."""

    def newest(self) -> StoredEntry | None:
        """Return the newest entry, or ``None`` while there is none."""

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """Yield the entries behind a sequence number, oldest first, as stored, without judging them."""

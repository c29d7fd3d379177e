"""The state store: an append-only list of entries."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sluiceway.core.errors import ConflictError


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


def require_following(newest: StoredEntry | None, entry: StoredEntry) -> None:
    """Refuse an entry that does not follow the newest by number and digest; the first may name any predecessor.

    Raises:
        ConflictError: it does not follow.
    """
    expected = 1 if newest is None else newest.sequence + 1
    if entry.sequence != expected or (newest is not None and entry.previous != newest.digest):
        raise ConflictError(
            f"entry {entry.sequence} after {entry.previous[:12] or 'nothing'} does not follow the newest, "
            f"which is {expected - 1}{'' if newest is None else f' ({newest.digest[:12]})'}; read it again and retry"
        )

"""The chain: each entry holds the digest of the one before, so that none can change unseen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import msgspec

from sluiceway.core.digest import canonical_json, sha256_hex
from sluiceway.core.errors import ConflictError, DamagedError
from sluiceway.core.moments import Clock, iso
from sluiceway.ports.state_store import StateStore, StoredEntry

GENESIS = "0" * 64
ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of evidence. ``recorded_at`` is wall time, ``as_of`` the run's virtual time; both ISO 8601 in UTC."""

    sequence: int
    kind: str
    recorded_at: str
    as_of: str | None
    body: Mapping[str, Any]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class LedgerAudit:
    """What a walk of the chain found.

    ``broken_at`` is the sequence number of the first bad entry, and ``found`` that entry as it reads now, if it is
    there and can be read. What stands before it is what was written.
    """

    entries: int
    head: str
    broken_at: int | None = None
    reason: str = ""
    found: Entry | None = None


class Ledger:
    """Append-only evidence. It shows tampering to whoever holds an earlier head, and no more than that."""

    def __init__(self, state: StateStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._read: list[Entry] = []
        self._reading = Lock()

    def append(self, kind: str, body: Mapping[str, object], *, as_of: datetime | None = None) -> Entry:
        """Write an entry behind the newest one, again if another writer came first.

        Raises:
            ConflictError: other writers came first fifty times in a row.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._append_once(kind, body, as_of)
            except ConflictError:
                continue
        return self._append_once(kind, body, as_of)

    def _append_once(self, kind: str, body: Mapping[str, object], as_of: datetime | None) -> Entry:
        newest = self._state.newest()
        sequence, previous = (newest.sequence + 1, newest.digest) if newest else (1, GENESIS)
        content = canonical_json(
            {
                "sequence": sequence,
                "kind": kind,
                "recorded_at": self._clock.now(),
                "as_of": iso(as_of) if as_of else None,
                "body": body,
                "previous": previous,
            }
        )
        stored = StoredEntry(sequence, previous, sha256_hex(content), content)
        self._state.append(stored)
        return read_entry(stored)

    def entries(self, *kinds: str) -> Iterator[Entry]:
        """Yield the entries of some kinds, or all, oldest first.

        Raises:
            DamagedError: an entry is not what was written; nothing may be built on such a ledger.
        """
        for entry in self._so_far():
            if not kinds or entry.kind in kinds:
                yield entry

    def _so_far(self) -> list[Entry]:
        """Read what came since the last time; entries never change, so each is checked and decoded once.

        Raises:
            DamagedError: an entry is not what was written, or does not follow the one before.
        """
        with self._reading:
            for stored in self._state.entries(after=len(self._read)):
                previous = self._read[-1].digest if self._read else GENESIS
                reason = fault(stored, len(self._read) + 1, previous)
                if reason:
                    raise DamagedError(
                        f"the ledger is not what was written: {reason}. Nothing is built upon it until its file is "
                        "restored from a backup; servers that run go on answering. `sluiceway ledger verify` says more"
                    )
                self._read.append(read_entry(stored))
            return list(self._read)

    def verify(self, *, head: str | None = None) -> LedgerAudit:
        """Walk the whole chain; with an earlier ``head`` (or its first digits), also find that it is still in it."""
        sequence, previous, seen = 0, GENESIS, False
        for stored in self._state.entries():
            sequence += 1
            reason = fault(stored, sequence, previous)
            if reason:
                return LedgerAudit(sequence, previous, stored.sequence, reason, _found(stored, sequence))
            previous = stored.digest
            seen = seen or (head is not None and previous.startswith(head))
        if head is not None and not seen:
            return LedgerAudit(
                sequence, previous, sequence + 1, f"no entry has the digest {head}: entries were cut off"
            )
        return LedgerAudit(sequence, previous)


def read_entry(stored: StoredEntry) -> Entry:
    """Decode an entry.

    Raises:
        DamagedError: its bytes are no entry.
    """
    try:
        fields = msgspec.json.decode(stored.body)
        return Entry(
            stored.sequence,
            fields["kind"],
            fields["recorded_at"],
            fields["as_of"],
            fields["body"],
            stored.previous,
            stored.digest,
        )
    except (msgspec.DecodeError, KeyError, TypeError):
        raise DamagedError(f"ledger entry {stored.sequence} cannot be read; run `sluiceway ledger verify`") from None


def _found(stored: StoredEntry, sequence: int) -> Entry | None:
    """Read a bad entry as it stands, for people to recognise it."""
    try:
        return read_entry(stored) if stored.sequence == sequence else None
    except DamagedError:
        return None


def fault(stored: StoredEntry, sequence: int, previous: str) -> str:
    """Say what is wrong with an entry at this place in the chain, or nothing."""
    if stored.sequence != sequence:
        return f"entry {sequence} is missing"
    if sha256_hex(stored.body) != stored.digest:
        return f"entry {sequence} was changed: its content no longer has its digest"
    try:
        fields = msgspec.json.decode(stored.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return f"entry {sequence} is no JSON object"
    follows = (stored.previous, fields.get("previous"), fields.get("sequence")) == (previous, previous, sequence)
    return "" if follows else f"entry {sequence} does not follow entry {sequence - 1}"

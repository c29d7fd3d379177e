import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.core.digest import sha256_hex
from sluiceway.core.errors import ConflictError, DamagedError
from sluiceway.core.moments import FixedClock
from sluiceway.ledger.chain import GENESIS, Ledger
from sluiceway.ports.state_store import StoredEntry

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Tampered:
    """A store whose entries somebody edited."""

    def __init__(self, entries: list[StoredEntry]) -> None:
        self._entries = entries

    def append(self, entry: StoredEntry) -> None:
        self._entries.append(entry)

    def newest(self) -> StoredEntry | None:
        return self._entries[-1] if self._entries else None

    def entries(self, after: int = 0):
        return iter([entry for entry in self._entries if entry.sequence > after])


def filled(count: int) -> list[StoredEntry]:
    state = MemoryState()
    ledger = Ledger(state, FixedClock(NOW))
    for number in range(count):
        ledger.append("note", {"number": number})
    return list(state.entries())


def audit(entries: list[StoredEntry], head: str | None = None):
    return Ledger(Tampered(entries), FixedClock(NOW)).verify(head=head)


def test_entries_come_back_as_they_were_written() -> None:
    ledger = Ledger(MemoryState(), FixedClock(NOW))
    ledger.append("note", {"b": 2.5, "a": None}, as_of=datetime(2013, 11, 1, tzinfo=UTC))
    (entry,) = ledger.entries()
    assert (entry.sequence, entry.kind, entry.body) == (1, "note", {"b": 2.5, "a": None})
    assert (entry.recorded_at, entry.as_of) == ("2026-01-02T03:04:05Z", "2013-11-01T00:00:00Z")
    assert entry.previous == GENESIS


def test_entries_can_be_asked_for_by_kind() -> None:
    ledger = Ledger(MemoryState(), FixedClock(NOW))
    for kind in ("a", "b", "a"):
        ledger.append(kind, {})
    assert [entry.sequence for entry in ledger.entries("a")] == [1, 3]


def test_an_untouched_chain_verifies_with_its_head() -> None:
    entries = filled(5)
    found = audit(entries, head=entries[2].digest[:12])
    assert (found.entries, found.head, found.broken_at) == (5, entries[-1].digest, None)


def test_an_empty_chain_verifies() -> None:
    assert audit([]).broken_at is None


def test_an_edited_entry_is_named() -> None:
    entries = filled(5)
    entries[2] = replace(entries[2], body=entries[2].body.replace(b'"number":2', b'"number":9'))
    found = audit(entries)
    assert found.broken_at == 3
    assert "entry 3 was changed" in found.reason


def test_an_edited_entry_with_a_new_digest_breaks_the_next() -> None:
    entries = filled(5)
    body = entries[2].body.replace(b'"number":2', b'"number":9')
    entries[2] = replace(entries[2], body=body, digest=sha256_hex(body))
    found = audit(entries)
    assert found.broken_at == 4
    assert "does not follow" in found.reason


def test_a_removed_entry_is_named() -> None:
    entries = filled(5)
    del entries[2]
    assert audit(entries).reason == "entry 3 is missing"


def test_cutting_the_end_off_shows_only_to_whoever_holds_an_earlier_head() -> None:
    entries = filled(5)
    held = entries[-1].digest
    assert audit(entries[:3]).broken_at is None
    assert "cut off" in audit(entries[:3], head=held).reason


@pytest.mark.parametrize("body", [b"not json", b"[]", b"{}"])
def test_an_entry_that_is_none_is_named(body) -> None:
    entries = filled(2)
    entries[1] = replace(entries[1], body=body, digest=sha256_hex(body))
    assert audit(entries).broken_at == 2


def test_nothing_is_built_on_an_edited_ledger() -> None:
    entries = filled(3)
    entries[1] = replace(entries[1], body=entries[1].body.replace(b'"number":1', b'"number":7'))
    with pytest.raises(DamagedError, match="entry 2 was changed"):
        list(Ledger(Tampered(entries), FixedClock(NOW)).entries())


def test_nothing_is_built_on_a_ledger_that_lacks_an_entry() -> None:
    entries = filled(4)
    del entries[2]
    with pytest.raises(DamagedError, match="entry 3 is missing"):
        list(Ledger(Tampered(entries), FixedClock(NOW)).entries())


def test_append_tries_again_when_another_writer_came_first() -> None:
    class Contended(MemoryState):
        refused = 3

        def append(self, entry: StoredEntry) -> None:
            if self.refused:
                self.refused -= 1
                raise ConflictError("another writer")
            super().append(entry)

    ledger = Ledger(Contended(), FixedClock(NOW))
    assert ledger.append("note", {}).sequence == 1


def test_bodies_are_canonical() -> None:
    (stored,) = filled(1)
    assert json.dumps(json.loads(stored.body), sort_keys=True, separators=(",", ":")).encode() == stored.body

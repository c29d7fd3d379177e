from datetime import UTC, datetime

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.core.moments import FixedClock
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.making import Made, declared, everything_made, record_declared, record_made


def a_ledger() -> Ledger:
    return Ledger(MemoryState(), FixedClock(datetime(2026, 1, 2, tzinfo=UTC)))


def test_what_was_made_is_read_back_in_order() -> None:
    ledger = a_ledger()
    for recipe in ("r1", "r2"):
        record_made(ledger, Made("ingest", recipe, "c", "s", {"spec": "p"}), as_of=None)
    assert [made for _, made in everything_made(ledger)] == [
        Made("ingest", recipe, "c", "s", {"spec": "p"}) for recipe in ("r1", "r2")
    ]


def test_a_fingerprint_read_again_has_its_newest_hash() -> None:
    ledger = a_ledger()
    for sha256 in ("old", "new"):
        record_declared(ledger, "f", sha256)
    assert declared(ledger) == {"f": "new"}

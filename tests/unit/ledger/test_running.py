from datetime import UTC, datetime

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.core.moments import FixedClock
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.running import last_run, published, record_published, record_run


def a_ledger() -> Ledger:
    return Ledger(MemoryState(), FixedClock(datetime(2026, 1, 2, tzinfo=UTC)))


def test_the_last_run_is_the_newest() -> None:
    ledger = a_ledger()
    assert last_run(ledger) is None
    for made in ("a", "b"):
        record_run(ledger, {"made": {"ingest": made}}, as_of=None)
    assert last_run(ledger) == {"made": {"ingest": "b"}}


def test_what_was_told_again_stands_last() -> None:
    ledger = a_ledger()
    for artifact, version in (("a", 1), ("b", 2), ("a", 1)):
        record_published(ledger, "evaluate", artifact, {"version": version}, as_of=None)
    assert list(published(ledger)) == ["b", "a"]

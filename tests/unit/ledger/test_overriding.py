from datetime import UTC, datetime

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import Override, Overrides
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.overriding import overrides, record_override

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_overrides_are_read_back_expired_ones_included() -> None:
    ledger = Ledger(MemoryState(), FixedClock(NOW))
    excuse = Override("c", "d", "ann", "known", datetime(2020, 1, 1, tzinfo=UTC))
    record_override(ledger, excuse)
    assert overrides(ledger) == Overrides((excuse,))

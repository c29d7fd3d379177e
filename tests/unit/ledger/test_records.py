from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import NO_OVERRIDES, Criterion, Outcome, Override, Overrides, Verdict
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.records import (
    Made,
    Standing,
    everything_made,
    overrides,
    record_made,
    record_override,
    record_verdict,
    standings,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def a_ledger() -> Ledger:
    return Ledger(MemoryState(), FixedClock(NOW))


def a_standing(verdict: Verdict, artifact: str = "a") -> Standing:
    return Standing(3, "validate", artifact, {"ingest": "d"}, verdict, scope=None, sequence=0)


def a_verdict(measured: float = 0.5) -> Verdict:
    return Verdict.of([Criterion.at_most("share", measured=measured, limit=1.0)], NO_OVERRIDES, NOW)


def test_a_verdict_is_read_back_as_it_was_given() -> None:
    ledger = a_ledger()
    record_verdict(ledger, a_standing(a_verdict()), as_of=None)
    assert standings(ledger)["validate"] == replace(a_standing(a_verdict()), sequence=1)


def test_the_same_verdict_is_not_written_twice_and_another_is() -> None:
    ledger = a_ledger()
    record_verdict(ledger, a_standing(a_verdict()), as_of=None)
    record_verdict(ledger, a_standing(a_verdict()), as_of=None)
    record_verdict(ledger, a_standing(a_verdict(2.0)), as_of=None)
    assert [entry.body["verdict"] for entry in ledger.entries()] == ["passed", "stopped"]


def test_a_verdict_with_nan_can_be_recorded_and_stays_closed() -> None:
    ledger = a_ledger()
    record_verdict(ledger, a_standing(a_verdict(float("nan"))), as_of=None)
    standing = standings(ledger)["validate"]
    assert standing.verdict.outcome is Outcome.STOPPED
    assert standing.verdict.criteria[0].measured == "nan"


def test_a_verdict_that_an_override_opened_closes_when_the_override_ends() -> None:
    criterion = Criterion.at_most("share", measured=2.0, limit=1.0)
    excuse = Override(criterion.check, "d", "ann", "known", NOW + timedelta(days=1))
    verdict = Verdict.of([criterion], Overrides((excuse,)), NOW, subject="d")
    ledger = a_ledger()
    record_verdict(ledger, a_standing(verdict), as_of=None)
    standing = standings(ledger)["validate"]
    assert standing.at(NOW).outcome is Outcome.OVERRIDDEN
    assert standing.at(NOW + timedelta(days=1)).outcome is Outcome.STOPPED


def test_overrides_are_read_back() -> None:
    ledger = a_ledger()
    excuse = Override("c", "d", "ann", "known", NOW + timedelta(days=1))
    record_override(ledger, excuse)
    assert overrides(ledger) == Overrides((excuse,))


def test_what_was_made_is_read_back_in_order() -> None:
    ledger = a_ledger()
    for recipe in ("r1", "r2"):
        record_made(ledger, Made("ingest", recipe, "c", "s", {"spec": "p"}), as_of=None)
    assert [made.recipe for _, made in everything_made(ledger)] == ["r1", "r2"]

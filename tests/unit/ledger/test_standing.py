from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import NO_OVERRIDES, Criterion, Outcome, Override, Overrides, Verdict
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.standing import (
    Standing,
    in_force,
    live_standings,
    record_verdict,
    standing_on,
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


def test_only_the_override_that_ran_out_closes_its_criterion() -> None:
    first, second = (Criterion.at_most(name, measured=2.0, limit=1.0) for name in ("one", "two"))
    excuses = tuple(
        Override(each.check, "d", "ann", "known", NOW + timedelta(days=days))
        for each, days in ((first, 1), (second, 9))
    )
    ledger = a_ledger()
    record_verdict(ledger, a_standing(Verdict.of([first, second], Overrides(excuses), NOW, subject="d")), as_of=None)
    later = standings(ledger)["validate"].at(NOW + timedelta(days=2))
    assert [criterion.outcome for criterion in later.criteria] == [Outcome.STOPPED, Outcome.OVERRIDDEN]


def test_a_verdict_is_found_by_the_artifact_it_was_given_on() -> None:
    ledger = a_ledger()
    record_verdict(ledger, a_standing(a_verdict(), artifact="a"), as_of=None)
    record_verdict(ledger, a_standing(a_verdict(2.0), artifact="b"), as_of=None)
    found = standing_on(ledger, "validate", "a")
    assert found is not None
    assert found.verdict.is_open
    assert standing_on(ledger, "validate", "c") is None


def a_gate(number: int, stage: str, artifact: str, upstream: dict[str, str], measured: float = 0.5) -> Standing:
    return Standing(number, stage, artifact, upstream, a_verdict(measured), scope=None, sequence=0)


def test_verdicts_on_what_no_longer_stands_above_are_not_in_force() -> None:
    ledger = a_ledger()
    record_verdict(ledger, a_gate(1, "spec", "p", {}), as_of=None)
    record_verdict(ledger, a_gate(2, "ingest", "d", {"spec": "p"}), as_of=None)
    record_verdict(ledger, a_gate(3, "validate", "v", {"spec": "p", "ingest": "d"}), as_of=None)
    assert list(in_force(ledger, NOW)) == ["spec", "ingest", "validate"]
    record_verdict(ledger, a_gate(2, "ingest", "e", {"spec": "p"}), as_of=None)
    assert list(in_force(ledger, NOW)) == ["spec", "ingest"]


def test_nothing_behind_a_closed_gate_is_in_force() -> None:
    ledger = a_ledger()
    record_verdict(ledger, a_gate(1, "spec", "p", {}), as_of=None)
    record_verdict(ledger, a_gate(2, "ingest", "d", {"spec": "p"}), as_of=None)
    record_verdict(ledger, a_gate(1, "spec", "p", {}, measured=2.0), as_of=None)
    assert list(in_force(ledger, NOW)) == ["spec"]


def test_live_traffic_and_a_rehearsal_are_judged_side_by_side() -> None:
    ledger = a_ledger()
    rehearsed = replace(a_standing(a_verdict()), gate=6, stage="deploy", scope="rehearsal")
    live = replace(a_standing(a_verdict(2.0), "b"), gate=6, stage="deploy", scope="live")
    for standing in (rehearsed, live, rehearsed, live):
        record_verdict(ledger, standing, as_of=None)
    assert len(list(ledger.entries())) == 2
    assert standings(ledger)["deploy"].scope == "rehearsal"
    assert live_standings(ledger)["deploy"].verdict.outcome is Outcome.STOPPED

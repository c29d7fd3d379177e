from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.artifacts.rollout_state import RolloutState, Served
from sluiceway.core.errors import DamagedError
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import Criterion, Verdict
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.rolling import ROLLOUT, Transition, current, live_in_force, record_transition, transitions
from sluiceway.ledger.standing import Standing, record_verdict

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ONE = Served("v1", "model", "b1", "bundles/b1.json", "1" * 64)
TWO = Served("v2", "model", "b2", "bundles/b2.json", "2" * 64)
FIRST = RolloutState("live", ONE, 1, NOW, "the first")
TRIED = replace(
    FIRST,
    sequence=2,
    since=NOW + timedelta(microseconds=7),
    reason="tried out",
    challenger=TWO,
    share=0.05,
    ramp=(0.05, 0.25, 1.0),
    hold_s=172_800.0,
    by=("tailnum",),
)


def a_ledger() -> Ledger:
    return Ledger(MemoryState(), FixedClock(NOW))


def test_nobody_answers_before_the_first_change() -> None:
    assert current(a_ledger(), "live") is None


def test_a_state_is_read_back_as_it_was_written() -> None:
    ledger = a_ledger()
    record_transition(ledger, Transition("first", FIRST))
    judged = (Criterion.at_least("hours", measured=49.5, limit=48.0, detail="canary requests"),)
    told = Transition("start", TRIED, "e" * 64, judged, "ada")
    record_transition(ledger, told)
    assert current(ledger, "live") == TRIED
    assert list(transitions(ledger, "live")) == [Transition("first", FIRST), told]


def test_scopes_do_not_mix() -> None:
    ledger = a_ledger()
    record_transition(ledger, Transition("first", FIRST))
    record_transition(ledger, Transition("first", replace(FIRST, scope="rehearsal", champion=TWO)))
    assert current(ledger, "live") == FIRST
    assert [each.state.champion for each in transitions(ledger, "rehearsal")] == [TWO]


def test_a_rehearsals_change_carries_its_virtual_time() -> None:
    entry = record_transition(a_ledger(), Transition("first", FIRST), as_of=NOW)
    assert (entry.as_of, entry.body["scope"]) == ("2026-01-02T00:00:00Z", "live")


def test_an_entry_without_a_state_is_damage_and_no_traceback() -> None:
    ledger = a_ledger()
    ledger.append(ROLLOUT, {"scope": "live", "name": "first", "state": {"scope": "live"}})
    with pytest.raises(DamagedError, match="ledger entry 1 holds no rollout"):
        current(ledger, "live")


def judged(ledger: Ledger, stage: str = "deploy") -> None:
    verdict = Verdict((Criterion.at_least("hours", measured=49.5, limit=48.0),))
    record_verdict(ledger, Standing(6, stage, f"report-{stage}", {}, verdict, "live", 0), as_of=None)


def started() -> Ledger:
    ledger = a_ledger()
    record_transition(ledger, Transition("first", FIRST))
    record_transition(ledger, Transition("start", TRIED, author="ada"))
    return ledger


ALONE = replace(FIRST, sequence=3, reason="v2 is out")


def test_a_live_verdict_stands_while_its_canary_runs_and_once_it_has_decided() -> None:
    ledger = started()
    assert live_in_force(ledger) == {}
    judged(ledger)
    assert set(live_in_force(ledger)) == {"deploy"}
    record_transition(ledger, Transition("promote", replace(ALONE, champion=TWO), "report-deploy"))
    assert set(live_in_force(ledger)) == {"deploy"}


@pytest.mark.parametrize("turn", ["abort", "rollback"])
def test_a_live_verdict_stands_no_longer_than_the_canary_that_a_person_ended(turn: str) -> None:
    ledger = started()
    judged(ledger)
    judged(ledger, "observe")
    record_transition(ledger, Transition(turn, ALONE, author="ada"))
    assert set(live_in_force(ledger)) == {"observe"}
    record_transition(ledger, Transition("start", replace(TRIED, sequence=4), author="ada"))
    assert set(live_in_force(ledger)) == {"observe"}


def test_a_look_that_came_too_late_does_not_stand() -> None:
    ledger = started()
    record_transition(ledger, Transition("abort", ALONE, author="ada"))
    judged(ledger)
    assert live_in_force(ledger) == {}

from datetime import UTC, datetime

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import Criterion, Outcome, Override, Overrides, Verdict
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.overriding import judged_last, overrides, record_override, resting_on
from sluiceway.ledger.standing import Standing, record_verdict

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_overrides_are_read_back_expired_ones_included() -> None:
    ledger = Ledger(MemoryState(), FixedClock(NOW))
    excuse = Override("c", "d", "ann", "known", datetime(2020, 1, 1, tzinfo=UTC), 6, "hours")
    record_override(ledger, excuse)
    assert overrides(ledger) == Overrides((excuse,))


def test_an_override_from_before_there_were_names_is_read_too() -> None:
    ledger = Ledger(MemoryState(), FixedClock(NOW))
    body = {"check": "c", "subject": "d", "author": "ann", "reason": "known", "expires_at": "2020-01-01T00:00:00Z"}
    ledger.append("override", body)
    assert overrides(ledger).recorded == (Override("c", "d", "ann", "known", datetime(2020, 1, 1, tzinfo=UTC)),)


def judged(ledger, artifact, check, *, stage="deploy", scope="rehearsal", train="one", outcome=Outcome.OVERRIDDEN):
    gate = {"validate": 3, "train": 5, "deploy": 6}[stage]
    verdict = Verdict((Criterion("hours", 1.0, 48.0, outcome, "overridden by ann: known", check),))
    above = {"validate": "report"} if stage == "train" else {"train": train}
    record_verdict(ledger, Standing(gate, stage, artifact, above, verdict, scope, 0), as_of=None)


def test_what_was_judged_last_is_the_newest_run_and_each_version_that_was_live() -> None:
    ledger = Ledger(MemoryState(), FixedClock(NOW))
    for number, (artifact, check, scope, train) in enumerate(
        [
            ("a", "1", "rehearsal", "one"), ("b", "2", "rehearsal", "two"),
            ("c", "3", "live", "one"), ("d", "3", "live", "one"), ("e", "4", "live", "one"),
        ]
    ):  # fmt: skip
        judged(ledger, artifact, check, scope=scope, train=train)
        assert judged_last(ledger, "deploy")[-1].sequence == number + 1
    assert [each.artifact for each in judged_last(ledger, "deploy")] == ["b", "d", "e"]
    assert judged_last(ledger, "observe") == []


def test_what_a_version_rests_on_is_told_gate_by_gate() -> None:
    ledger = Ledger(MemoryState(), FixedClock(NOW))
    judged(ledger, "report", "0", stage="validate", scope=None)
    judged(ledger, "one", "5", stage="train", scope=None, outcome=Outcome.PASSED)
    judged(ledger, "a", "1")
    judged(ledger, "b", "2", train="two")
    judged(ledger, "c", "3", scope="live")
    told = [(each["gate"], each["scope"], each["check"]) for each in resting_on(ledger, "one")]
    assert told == [(3, None, "0"), (6, "rehearsal", "1"), (6, "live", "3")]
    judged(ledger, "d", "1", outcome=Outcome.PASSED)
    assert [each["gate"] for each in resting_on(ledger, "one")] == [3, 6]
    assert [each["check"] for each in resting_on(ledger, "two")] == ["2"]
    assert resting_on(ledger, "nobody") == []

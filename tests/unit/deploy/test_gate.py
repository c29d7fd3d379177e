"""Gate 6: each criterion has a fault that stops it, too little evidence keeps it shut, and chance hardly ever stops it.

The simulated rates are those that docs/rollouts.md tells.
"""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan

import numpy as np
import pytest

from sluiceway.artifacts.canary_report import (
    ArmEvidence,
    Bounded,
    CanaryReport,
    CanaryStep,
    QualityEvidence,
    SkewEvidence,
    SplitEvidence,
    TrafficSpan,
    Unread,
)
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import Served
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.verdict import NO_OVERRIDES, Outcome, Override, Overrides
from sluiceway.declare.spec import Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.deploy.evidence import answered_share, p99_bounds
from sluiceway.deploy.gate import FEWEST_FOR_P99, FEWEST_FOR_SHARE, gate, while_running
from sluiceway.stats.share_sequence import is_excluded

BEGAN, NOW = datetime(2013, 9, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
SPEC = Spec(
    ProblemStatement("late", "Late?", "ops"),
    Target("binary", "late", 1),
    ("wind",),
    Costs("USD", 180, 30),
    Metric("f_beta"),
    ServiceLevel(50, 0.999),
)
PROMISE = Promise(SPEC, ())
UNKNOWN = Bounded(None, None, None)
LOOKS = 10_000  # after every request
CANARIES = 2_000
ARM = ArmEvidence("v2", 3_400, 0, (), Bounded(1.0, 0.99912, 1.0), Bounded(0.5, 0.49, 0.51), Bounded(4.0, 3.2, 6.1))
QUALITY = QualityEvidence(3_000, 500, 0.4, 0.39, 9.0, 8.8, Bounded(-0.01, -0.02, 0.004), 0.02)
HONEST = CanaryReport(
    scope="rehearsal",
    dataset="d" * 64,
    champion=Served("v1", "model", "b1", "bundles/b1.json", "1" * 64),
    challenger=Served("v2", "model", "b2", "bundles/b2.json", "2" * 64),
    began=BEGAN,
    ended=BEGAN + timedelta(hours=192),
    until=BEGAN + timedelta(days=30),
    ended_by="promoted",
    reason="v2 takes over from v1",
    steps=(CanaryStep(0.05, BEGAN, BEGAN + timedelta(hours=192), 9_000, 3_400, 0),),
    champion_arm=replace(ARM, version="v1", requests=5_600),
    challenger_arm=ARM,
    quality=QUALITY,
    split=SplitEvidence(2_000, 1_010, 0.5, 0.7),
    skew=SkewEvidence(9_000, 252_000, {}, ()),
    requests=TableRef("requests", "r" * 64, 9_000, ()),
)


def judged(**changes):
    return gate(replace(HONEST, **changes), PROMISE, NO_OVERRIDES, NOW)


def only(verdict):
    """The one criterion that is closed."""
    (closed,) = verdict.closed
    return closed


def arm(**changes):
    return replace(ARM, **changes)


def test_an_honest_canary_passes_every_criterion():
    verdict = judged()
    assert verdict.outcome is Outcome.PASSED, verdict.closed
    assert len({criterion.name for criterion in verdict.criteria}) == len(verdict.criteria) == 8


def test_gate_stops_on_an_aborted_canary_and_says_why():
    closed = only(judged(ended_by="aborted", reason="v2 is out at 5 %: told to"))
    assert (closed.outcome, closed.detail) == (Outcome.STOPPED, "v2 is out at 5 %: told to")


def test_a_rehearsal_whose_traffic_ended_first_is_inconclusive():
    assert only(judged(ended_by="running")).outcome is Outcome.INCONCLUSIVE


def test_a_live_canary_is_judged_while_it_runs():
    live = {"scope": "live", "skew": None, "traffic": TrafficSpan(BEGAN, BEGAN + timedelta(hours=50), 60.0)}
    assert judged(ended_by="running", **live).outcome is Outcome.PASSED
    assert judged(ended_by="aborted", **live).outcome is Outcome.STOPPED


@pytest.mark.parametrize("asked", [None, TrafficSpan(BEGAN, BEGAN + timedelta(hours=20), 60.0)])
def test_live_only_hours_in_which_somebody_asked_count(asked):
    closed = only(judged(scope="live", ended_by="running", skew=None, traffic=asked))
    assert (closed.name, closed.outcome) == ("hours of canary traffic", Outcome.INCONCLUSIVE)
    assert closed.measured == (20.0 if asked else 0.0)


def test_a_long_silence_is_said():
    traffic = TrafficSpan(BEGAN, BEGAN + timedelta(hours=49), 40 * 3600.0)
    verdict = judged(scope="live", ended_by="running", skew=None, traffic=traffic)
    assert (
        "nobody asked for 40.0 hours"
        in {each.name: each for each in verdict.criteria}["hours of canary traffic"].detail
    )


def test_too_few_hours_are_inconclusive():
    closed = only(judged(ended=BEGAN + timedelta(hours=47)))
    assert (closed.outcome, closed.measured, closed.limit) == (Outcome.INCONCLUSIVE, 47.0, 48.0)
    assert "3,400 at 5 %" in closed.detail


def test_gate_stops_when_too_many_canary_requests_failed():
    bad = arm(failures=34, success=Bounded(0.99, 0.987, 0.9925), errors=("the model raised (34)",))
    closed = only(judged(challenger_arm=bad))
    assert (closed.outcome, closed.measured, closed.limit) == (Outcome.STOPPED, 0.987, 0.999)
    assert closed.detail == "3,400 requests, 34 failed: the model raised (34)"


@pytest.mark.parametrize(
    ("requests", "failures", "success", "said"),
    [
        (2_000, 0, Bounded(1.0, 0.9985, 1.0), "it takes 2,995, so 995 more without a failure"),
        (3_400, 1, Bounded(0.9997, 0.9986, 0.99998), "it takes 4,742, so 1,342 more without another failure"),
        (0, 0, UNKNOWN, "it takes 2,995, so 2,995 more without a failure"),
    ],
)
def test_too_few_requests_to_certify_are_inconclusive_and_counted(requests, failures, success, said):
    closed = only(judged(challenger_arm=arm(requests=requests, failures=failures, success=success)))
    assert closed.outcome is Outcome.INCONCLUSIVE
    assert said in closed.detail


def test_lines_of_the_log_that_could_not_be_read_are_told_beside_the_requests():
    (told,) = [each.detail for each in judged(unread=Unread(2, "line 7 of it")).criteria if "answered" in each.name]
    assert told == "3,400 requests, 0 failed; 2 lines of the log could not be read, the first: line 7 of it"


def test_gate_stops_when_p99_is_above_what_was_promised():
    closed = only(judged(challenger_arm=arm(p99_ms=Bounded(80.0, 71.0, 95.0))))
    assert (closed.outcome, closed.measured, closed.limit) == (Outcome.STOPPED, 95.0, 50)


@pytest.mark.parametrize("p99", [Bounded(45.0, 41.0, 55.0), Bounded(30.0, 20.0, None)])
def test_a_p99_that_may_be_above_is_inconclusive(p99):
    assert only(judged(challenger_arm=arm(p99_ms=p99))).outcome is Outcome.INCONCLUSIVE


def test_a_p99_that_is_surely_above_stops_before_it_has_an_upper_bound():
    assert only(judged(challenger_arm=arm(p99_ms=Bounded(90.0, 60.0, None)))).outcome is Outcome.STOPPED


def test_a_rehearsals_latency_says_what_it_is_evidence_of():
    details = [each.detail for each in judged().criteria if "p99" in each.name]
    assert "evidence of the code, not of the SLA" in details[0]
    live = [each.detail for each in judged(scope="live", skew=None).criteria if "p99" in each.name]
    assert "SLA" not in live[0]


def test_gate_stops_when_the_median_is_far_above_the_champions():
    closed = only(judged(challenger_arm=arm(work_ms=Bounded(5.0, 4.9, 5.1))))
    assert closed.outcome is Outcome.STOPPED
    assert closed.measured == pytest.approx(5.1 / 0.49)
    assert closed.detail == "medians: 5 ms, champion's 0.5 ms"


def test_a_median_without_a_champion_to_compare_with_is_inconclusive():
    silent = replace(ARM, version="v1", requests=0, success=UNKNOWN, work_ms=UNKNOWN, p99_ms=UNKNOWN)
    closed = only(judged(champion_arm=silent))
    assert closed.outcome is Outcome.INCONCLUSIVE
    assert "let each step last longer, or for more requests (rollout.hold, rollout.min_requests)" in closed.detail
    at_once = CanaryStep(1.0, BEGAN, NOW, 100, 100, 0)
    closed = only(judged(champion_arm=silent, steps=(at_once,)))
    assert "let the canary begin below 100 % (rollout.canary)" in closed.detail


def test_gate_stops_when_the_challenger_is_surely_worse_than_the_margin():
    closed = only(judged(quality=replace(QUALITY, challenger_log_loss=0.5, difference=Bounded(0.1, 0.03, 0.17))))
    assert (closed.outcome, closed.measured, closed.limit) == (Outcome.STOPPED, 0.17, 0.02)
    assert closed.detail == ("3,000 canary rows with a known outcome, 500 positive; log loss 0.5000, champion's 0.4000")


@pytest.mark.parametrize(
    "quality",
    [
        replace(QUALITY, difference=Bounded(0.0, -0.03, 0.03)),
        replace(QUALITY, difference=Bounded(0.0, None, None)),
        replace(QUALITY, rows=199),
        replace(QUALITY, positives=29),
        QualityEvidence(0, 0, None, None, None, None, UNKNOWN, None),
    ],
)
def test_a_difference_that_cannot_be_told_is_inconclusive(quality):
    assert only(judged(quality=quality)).outcome is Outcome.INCONCLUSIVE


def test_without_outcomes_it_is_said_what_requests_must_carry():
    nothing = QualityEvidence(0, 0, None, None, None, None, UNKNOWN, None)
    assert "requests must carry the label's key" in only(judged(quality=nothing)).detail


def test_gate_stops_when_the_wrong_entities_were_on_the_canary():
    closed = only(judged(split=SplitEvidence(2_000, 900, 0.5, 8e-6)))
    assert closed.outcome is Outcome.STOPPED
    assert closed.detail == "900 of 2,000 entities were on the canary, 1,000 should have been"


def test_gate_stops_on_features_that_differ_from_training():
    skew = SkewEvidence(9_000, 252_000, {"wind": 3, "temp": 7}, ("r7 temp: 20.5, offline 20.25",))
    closed = only(judged(skew=skew))
    assert (closed.outcome, closed.measured) == (Outcome.STOPPED, 10)
    assert closed.detail == "252,000 values of 9,000 rows; temp; wind; r7 temp: 20.5, offline 20.25"


@pytest.mark.parametrize("skew", [None, SkewEvidence(0, 0, {}, ())])
def test_a_rehearsal_that_compared_no_features_stops(skew):
    closed = only(judged(skew=skew))
    assert (closed.outcome, closed.detail) == (Outcome.STOPPED, "nothing was compared")


NOT_A_NUMBER = Bounded(nan, nan, nan)


@pytest.mark.parametrize(
    "changes",
    [
        {"challenger_arm": arm(success=NOT_A_NUMBER)},
        {"challenger_arm": arm(success=Bounded(1.0, 0.5, nan))},
        {"challenger_arm": arm(p99_ms=NOT_A_NUMBER)},
        {"challenger_arm": arm(p99_ms=Bounded(1.0, None, nan))},
        {"challenger_arm": arm(work_ms=NOT_A_NUMBER)},
        {"quality": replace(QUALITY, difference=NOT_A_NUMBER)},
        {"quality": replace(QUALITY, margin=nan)},
        {"split": SplitEvidence(2_000, 1_000, 0.5, nan)},
    ],
)
def test_evidence_that_is_no_number_stops(changes):
    assert only(judged(**changes)).outcome is Outcome.STOPPED


def test_no_evidence_at_all_opens_nothing():
    silent = ArmEvidence("v2", 0, 0, (), UNKNOWN, UNKNOWN, UNKNOWN)
    verdict = judged(
        ended=BEGAN,
        ended_by="running",
        challenger_arm=silent,
        champion_arm=silent,
        quality=QualityEvidence(0, 0, None, None, None, None, UNKNOWN, None),
        split=SplitEvidence(0, 0, 0.0, None),
        skew=None,
    )
    assert len(verdict.closed) == len(verdict.criteria)
    assert verdict.outcome is Outcome.STOPPED


def test_while_it_runs_neither_its_end_nor_skew_is_judged():
    running = replace(HONEST, ended_by="running", skew=None)
    names = [each.name for each in while_running(running, PROMISE)]
    assert len(names) == 6
    assert not any("ended" in name or "offline" in name for name in names)


def test_an_override_holds_for_one_challenger_in_one_scope():
    slow = arm(p99_ms=Bounded(80.0, 71.0, 95.0))
    closed = only(judged(challenger_arm=slow))
    leave = Override(closed.check, HONEST.dataset, "ada", "old machines, replaced on Monday", NOW + timedelta(days=7))
    overrides = Overrides((leave,))
    excused = replace(HONEST, challenger_arm=slow)
    assert gate(excused, PROMISE, overrides, NOW).outcome is Outcome.OVERRIDDEN
    another = replace(excused, challenger=replace(HONEST.challenger, bundle="b3"))
    assert gate(another, PROMISE, overrides, NOW).outcome is Outcome.STOPPED
    assert gate(replace(excused, scope="live"), PROMISE, overrides, NOW).outcome is Outcome.STOPPED


def test_an_override_of_quality_outlives_another_look():
    worse = replace(QUALITY, difference=Bounded(0.1, 0.03, 0.17))
    later = replace(worse, rows=4_000, difference=Bounded(0.1, 0.05, 0.15), margin=0.021)
    assert only(judged(quality=worse)).check == only(judged(quality=later)).check


def test_the_gate_loads_nothing_heavy():
    heavy = ("numpy", "scipy", "pyarrow", "polars", "msgspec")
    code = f"import sys, sluiceway.deploy.gate; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def most_failures(promised, fewest):
    """How many failures let the gate stop a canary, for each number of requests."""
    needed, failures = [], 0
    for requests in range(fewest, LOOKS + 1):
        while failures <= (1 - promised) * requests or not is_excluded(
            promised, successes=requests - failures, trials=requests, doubt=0.05
        ):
            failures += 1
        needed.append(failures)
    return np.array(needed)


def stopped_at(kept, promised, fewest):
    """At which request each simulated canary was aborted; ``LOOKS`` and one where it never was."""
    needed, drawn = most_failures(promised, fewest), np.random.default_rng(2)
    ends = []
    for _ in range(CANARIES):
        crossed = np.cumsum(drawn.random(LOOKS) >= kept)[fewest - 1 :] >= needed
        ends.append(fewest + int(crossed.argmax()) if crossed.any() else LOOKS + 1)
    return np.array(ends)


@pytest.mark.parametrize(
    ("kept", "promised", "fewest"),
    [
        (0.999, 0.999, FEWEST_FOR_SHARE),
        (0.9995, 0.999, FEWEST_FOR_SHARE),
        (0.99, 0.99, FEWEST_FOR_P99),
        (0.995, 0.99, FEWEST_FOR_P99),
    ],
)
def test_fewer_than_1_of_100_canaries_that_keep_their_promise_are_aborted(kept, promised, fewest):
    assert np.mean(stopped_at(kept, promised, fewest) <= LOOKS) < 0.01


def test_one_that_answers_99_percent_instead_of_99_9_is_out_after_some_500_requests():
    ends = stopped_at(0.99, 0.999, FEWEST_FOR_SHARE)
    assert np.quantile(ends, 0.9) <= 1_200
    assert np.median(ends) <= 500


@pytest.mark.parametrize("requests", [100, 400, 2_995, 10_000])
def test_the_gate_stops_exactly_where_the_simulation_says(requests):
    needed = most_failures(0.999, FEWEST_FOR_SHARE)[requests - FEWEST_FOR_SHARE]
    assert success_of(requests, needed) is Outcome.STOPPED
    assert success_of(requests, needed - 1) is not Outcome.STOPPED


@pytest.mark.parametrize("requests", [299, 2_000])
def test_latency_stops_exactly_where_the_simulation_says(requests):
    needed = most_failures(0.99, FEWEST_FOR_P99)[requests - FEWEST_FOR_P99]
    assert latency_of(requests, needed) is Outcome.STOPPED
    assert latency_of(requests, needed - 1) is not Outcome.STOPPED


def test_one_slow_request_stops_nothing():
    assert latency_of(1, 1) is Outcome.INCONCLUSIVE
    assert latency_of(298, 298) is Outcome.INCONCLUSIVE


def test_failing_from_the_start_stops_from_the_hundredth_request_on():
    assert success_of(99, 99) is Outcome.INCONCLUSIVE
    assert success_of(100, 100) is Outcome.STOPPED


def success_of(requests, failures):
    arm = ArmEvidence("v2", requests, failures, (), answered_share(requests - failures, requests), UNKNOWN, UNKNOWN)
    return outcome_of(arm, "answered")


def latency_of(requests, slow):
    latency = np.array([60_000] * slow + [1_000] * (requests - slow))
    return outcome_of(ArmEvidence("v2", requests, 0, (), UNKNOWN, UNKNOWN, p99_bounds(latency)), "p99")


def outcome_of(arm, word):
    report = replace(HONEST, challenger_arm=arm)
    return next(each.outcome for each in while_running(report, PROMISE) if word in each.name)


def leave(check, **changes):
    given = Override(check, HONEST.dataset, "ada", "few callers until May", NOW + timedelta(days=7))
    return replace(given, **changes)


SILENT = {"success": Bounded(None, None, None), "requests": 0, "failures": 0}
FEW = arm(requests=500, success=Bounded(1.0, 0.994, 1.0))


def test_an_override_lets_a_check_pass_until_it_ends_and_no_other():
    (closed,) = judged(challenger_arm=FEW).closed
    few = replace(HONEST, challenger_arm=FEW)

    def outcome(override, report=few, now=NOW):
        return gate(report, PROMISE, Overrides((override,)), now).outcome

    assert outcome(leave(closed.check)) is Outcome.OVERRIDDEN
    assert outcome(leave(closed.check), now=NOW + timedelta(days=8)) is Outcome.INCONCLUSIVE
    assert outcome(leave("0" * 12)) is Outcome.INCONCLUSIVE
    assert outcome(leave(closed.check, subject="e" * 64)) is Outcome.INCONCLUSIVE
    others = [replace(few, champion=replace(few.champion, bundle="x")), replace(few, challenger=few.champion)]
    assert {outcome(leave(closed.check), report) for report in others} == {Outcome.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"skew": SkewEvidence(10, 100, {"distance": 3}, ("distance differs",))}, "logged features that differ"),
        ({"skew": None}, "logged features that differ"),
        ({"split": SplitEvidence(4_000, 900, 0.05, 0.0)}, "entities on the canary"),
        ({"challenger_arm": arm(**SILENT)}, "share of canary requests answered"),
    ],
)
def test_what_makes_all_the_rest_worthless_may_not_be_overridden(changes, name):
    (closed,) = [each for each in judged(**changes).closed if each.name.startswith(name)]
    assert closed.check == ""

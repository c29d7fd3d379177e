"""Gate 7: each criterion has a fault that stops it."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from sluiceway.artifacts.canary_report import SkewEvidence
from sluiceway.artifacts.health_report import FAULTS, Drill, Seen
from sluiceway.core.verdict import NO_OVERRIDES, Outcome, Override, Overrides
from sluiceway.observe.gate import gate

from .conftest import HOLDOUT, SERVED, World, rows_of

NOW = datetime(2024, 9, 1, tzinfo=UTC)
SKEW = SkewEvidence(10, 100, {}, ())


@pytest.fixture
def judge(world):
    return lambda report, overrides=NO_OVERRIDES: gate(report, world.promise, overrides, NOW)


def only(verdict):
    (closed,) = verdict.closed
    return closed


def test_working_alarms_open_it(judge, quiet):
    verdict = judge(quiet)
    assert verdict.outcome is Outcome.PASSED, verdict.closed
    assert len({criterion.name for criterion in verdict.criteria}) == len(verdict.criteria)
    assert len(verdict.criteria) == len(quiet.drills) + 3
    rehearsed = judge(replace(quiet, scope="rehearsal", skew=SKEW))
    assert (rehearsed.outcome, len(rehearsed.criteria)) == (Outcome.PASSED, len(quiet.drills) + 4)


def test_it_stops_on_a_deaf_alarm(judge, quiet):
    deaf = tuple(
        replace(drill, fired=(), behaved=False) if drill.column == "carrier" else drill for drill in quiet.drills
    )
    closed = only(judge(replace(quiet, drills=deaf)))
    assert closed.name == "drill, 30% of its values renamed: carrier"
    assert (closed.measured, closed.limit, closed.outcome) == ("nothing", "data_drift: carrier", Outcome.STOPPED)


def test_it_stops_on_a_noisy_control(judge, quiet):
    noisy = (replace(quiet.drills[0], fired=("data_drift: carrier",), behaved=False), *quiet.drills[1:])
    closed = only(judge(replace(quiet, drills=noisy)))
    assert (closed.name, closed.measured, closed.limit) == ("drill, control: nothing", "data_drift: carrier", "nothing")


@pytest.mark.parametrize("fault", FAULTS)
def test_it_stops_when_a_fault_was_never_planted(judge, quiet, fault):
    some = tuple(drill for drill in quiet.drills if drill.fault != fault)
    closed = only(judge(replace(quiet, drills=some)))
    assert (closed.name, closed.detail) == ("alarms that were not tried", fault)


def test_it_stops_without_any_drill(judge, quiet):
    assert only(judge(replace(quiet, drills=()))).measured == len(FAULTS)


def test_a_fault_that_no_column_can_show_is_recorded_and_opens(judge, quiet):
    idle = tuple(
        replace(drill, name="unit", fired=(), not_applicable="nothing is measured") if drill.fault == "unit" else drill
        for drill in quiet.drills
    )
    verdict = judge(replace(quiet, drills=idle))
    (found,) = [each for each in verdict.criteria if each.outcome is Outcome.NO_REFERENCE]
    assert found.detail == "not applicable: nothing is measured"
    assert verdict.is_open


def test_it_opens_on_a_column_of_which_much_is_missing():
    """A world in which 40 % of ``distance``, its only number that is not seasonal, was never there."""
    world = World(lacking=0.4)
    report = world.observe(world.logged(rows_of(SERVED, 62, seed=5, lacking=0.4)))
    lost = next(drill for drill in report.drills if drill.fault == "loss")
    assert (lost.name, lost.column, lost.behaved) == ("60% of its values lost", "distance", True)
    assert gate(report, world.promise, NO_OVERRIDES, NOW).outcome is Outcome.PASSED


def test_it_stops_when_nobody_asked(judge, world, quiet):
    nothing = world.observe(world.logged(rows_of(SERVED, 1)[:0]))
    assert nothing.windows == ()
    closed = only(judge(nothing))
    assert (closed.name, closed.measured, closed.outcome) == (
        "new rows that this version answered",
        0,
        Outcome.STOPPED,
    )
    assert only(judge(replace(quiet, seen=None))).outcome is Outcome.STOPPED


def test_it_stops_when_outcomes_are_due_and_none_is_known(judge, world, quiet_rows):
    unjoined = world.observe(world.logged(quiet_rows, outcomes=quiet_rows[:0]))
    closed = only(judge(unjoined))
    assert (closed.name, closed.outcome) == ("new rows whose outcome has matured", Outcome.STOPPED)
    assert closed.detail == "none is known, and of 3,720 rows it is due"


def test_what_another_version_answered_does_not_count(judge, world, quiet_rows):
    others = [world.log(quiet_rows, version="v0"), world.log(rows_of(SERVED, 3, a_day=30, seed=8))]
    report = world.observe(world.logged(quiet_rows, requests=others))
    assert report.seen.rows == 90
    assert [(each.measured, each.outcome) for each in judge(report).closed] == [
        (90, Outcome.INCONCLUSIVE),
        (0, Outcome.INCONCLUSIVE),
    ]


def test_where_nothing_new_was_seen_it_opens_and_says_so(judge, world):
    held = world.learnt().filter(pl.col("_at") >= HOLDOUT)
    verdict = judge(world.observe(world.logged(held, until=SERVED, scope="rehearsal", skew=SKEW)))
    assert verdict.outcome is Outcome.NO_REFERENCE
    assert [(each.name, each.measured) for each in verdict.criteria if each.outcome is Outcome.NO_REFERENCE] == [
        ("new rows that this version answered", 0),
        ("new rows whose outcome has matured", 0),
    ]


def test_where_too_few_outcomes_are_due_none_is_missed(judge, world):
    few = {"until": SERVED + timedelta(days=5), "matures": timedelta(days=4)}
    report = world.observe(world.logged(rows_of(SERVED, 5), **few, scope="rehearsal", skew=SKEW))
    verdict = judge(report)
    assert verdict.outcome is Outcome.NO_REFERENCE
    assert [each.detail for each in verdict.criteria if each.outcome is Outcome.NO_REFERENCE] == [
        f"of {report.seen.due} rows the outcome is due"
    ]
    live = only(judge(world.observe(world.logged(rows_of(SERVED, 5), **few))))
    assert (live.outcome, live.name) == (Outcome.INCONCLUSIVE, "new rows whose outcome has matured")


@pytest.mark.parametrize(
    ("seen", "outcome", "words"),
    [
        (Seen(900, 0, 0), Outcome.INCONCLUSIVE, "of 0 rows the outcome is due"),
        (Seen(900, 199, 0), Outcome.INCONCLUSIVE, "of 199 rows the outcome is due"),
        (Seen(900, 60, 60), Outcome.INCONCLUSIVE, "below 200 nothing can be said; let it run on"),
        (Seen(900, 500, 60), Outcome.INCONCLUSIVE, "below 200 nothing can be said; let it run on"),
        (Seen(900, 500, 0), Outcome.STOPPED, "none is known, and of 500 rows it is due"),
    ],
)
def test_live_too_few_outcomes_are_never_enough_and_can_be_excused(judge, quiet, seen, outcome, words):
    closed = only(judge(replace(quiet, seen=seen)))
    assert (closed.outcome, closed.detail) == (outcome, words)
    given = Override(closed.check, quiet.dataset, "ada", "they take months", NOW + timedelta(days=1))
    assert judge(replace(quiet, seen=seen), Overrides((given,))).outcome is Outcome.OVERRIDDEN
    assert not judge(replace(quiet, seen=seen, bundle="e" * 64), Overrides((given,))).is_open


def test_live_nothing_is_the_reference_asked_again(world, judge):
    """Where a clock and the data disagree, arrivals may lie within the holdout's time; they are new all the same."""
    report = world.observe(world.logged(rows_of(HOLDOUT, 31, seed=5), until=SERVED))
    assert report.seen == Seen(31 * 60, 31 * 60, 31 * 60)
    assert not any(window.is_reference for window in report.windows)
    assert judge(report).outcome is Outcome.PASSED


def test_a_check_has_one_id_whatever_it_says(judge, quiet):
    def checks(report):
        return {each.name: each.check for each in judge(report).criteria}

    unseen, idle = replace(quiet, scope="rehearsal", skew=SKEW, seen=Seen(0, 0, 0)), replace(quiet, drills=tuple(
        replace(drill, not_applicable="nothing is measured") for drill in quiet.drills
    ))  # fmt: skip
    assert checks(unseen) == checks(replace(unseen, seen=Seen(500, 500, 500)))
    assert checks(idle) == checks(quiet)


def test_too_little_is_inconclusive(judge, world):
    few = world.observe(world.logged(rows_of(SERVED, 3, a_day=30)))
    assert {each.outcome for each in judge(few).closed} == {Outcome.INCONCLUSIVE}
    assert only(judge(replace(few, scope="rehearsal", skew=SKEW))).name == "new rows that this version answered"
    assert only(judge(replace(few, seen=Seen(900, 500, 30)))).outcome is Outcome.INCONCLUSIVE


def test_what_the_data_did_is_no_reason_to_stop(judge, world, quiet):
    moved = rows_of(SERVED, 31).with_columns(distance=pl.col("distance") * 2)
    report = world.observe(world.logged(moved))
    assert any(not window.is_quiet for window in report.windows)
    assert judge(report).outcome is Outcome.PASSED


COMPARED = SkewEvidence(rows=200, values=5600, unequal={}, examples=())


def test_a_rehearsal_must_have_been_set_beside_offline_features(judge, quiet):
    rehearsed = replace(quiet, scope="rehearsal")
    assert judge(replace(rehearsed, skew=COMPARED)).outcome is Outcome.PASSED
    assert only(judge(rehearsed)).detail == "nothing was compared"
    assert only(judge(replace(rehearsed, skew=replace(COMPARED, values=0)))).detail == "nothing was compared"


def test_where_the_data_ends_with_the_canary_nothing_was_replayed(judge, quiet):
    ended = replace(quiet, scope="rehearsal", skew=SkewEvidence(rows=0, values=0, unequal={}, examples=()))
    assert judge(ended).outcome is Outcome.PASSED


@pytest.mark.parametrize("scope", ["live", "rehearsal"])
def test_it_stops_on_features_that_differ_from_offline_and_names_them(judge, quiet, scope):
    skewed = replace(COMPARED, unequal={"wind": 1, "distance": 7}, examples=("F1: wind 3.0, offline 4.0",))
    closed = only(judge(replace(quiet, scope=scope, skew=skewed)))
    assert (closed.measured, closed.limit) == (8, 0)
    assert closed.detail == "5,600 values of 200 rows; distance; wind; F1: wind 3.0, offline 4.0"


def test_an_override_names_the_check_and_the_dataset(judge, quiet):
    broken = replace(quiet, drills=(replace(quiet.drills[0], behaved=False), *quiet.drills[1:]))
    check = only(judge(broken)).check
    excused = Override(check, quiet.dataset, "ops", "known", NOW + timedelta(days=1))
    assert judge(broken, Overrides((excused,))).outcome is Outcome.OVERRIDDEN
    assert not judge(broken, Overrides((replace(excused, subject="other"),))).is_open


def test_a_drill_that_says_nothing_of_itself_stops(judge, quiet):
    blank = Drill("blank", "", "cost: cost per row", (), behaved=None)
    assert only(judge(replace(quiet, drills=(*quiet.drills, blank)))).name == "drill, blank"


def test_the_gate_loads_nothing_heavy():
    heavy = ("polars", "pyarrow", "numpy", "scipy", "jinja2", "matplotlib", "onnxruntime")
    code = f"import sys, sluiceway.observe.gate; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_override_excuses_one_drill_of_one_version_until_it_ends(judge, quiet):
    deaf = replace(quiet.drills[4], fired=(), behaved=False)
    report = replace(quiet, drills=(*quiet.drills[:4], deaf, *quiet.drills[5:]))
    check = only(judge(report)).check
    given = Override(check, quiet.dataset, "ada", "renamed upstream", NOW + timedelta(days=1))
    assert judge(report, Overrides((given,))).outcome is Outcome.OVERRIDDEN
    for other in (
        replace(given, expires_at=NOW), replace(given, check="0" * 12), replace(given, subject="e" * 64),
    ):  # fmt: skip
        assert judge(report, Overrides((other,))).outcome is Outcome.STOPPED
    for changed in (replace(report, bundle="e" * 64), replace(report, scope="rehearsal", skew=SKEW)):
        assert judge(changed, Overrides((given,))).outcome is Outcome.STOPPED


def test_skew_an_untried_alarm_and_a_version_that_nobody_asked_may_not_be_overridden(judge, world, quiet):
    nothing = world.observe(world.logged(rows_of(SERVED, 1)[:0]))
    differs = replace(SKEW, unequal={"distance": 3})
    found = [
        *judge(nothing).closed, *judge(replace(quiet, drills=())).closed, *judge(replace(quiet, skew=differs)).closed,
        *judge(replace(quiet, scope="rehearsal", skew=None)).closed,
    ]  # fmt: skip
    assert [each.name for each in found if each.check] == []
    assert len(found) == 4

"""Verdicts fail closed, and an override opens one check, on one dataset, until it ends."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.core.verdict import (
    NO_OVERRIDES,
    Criterion,
    Outcome,
    Override,
    Overrides,
    Verdict,
    beyond_excuse,
    check_digest,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STOPPED = Criterion.at_most("p99, ms", measured=80, limit=50)


def leave(criterion=STOPPED, *, subject="data", days=1, author="ada"):
    return Override(criterion.check, subject, author, "known outage", NOW + timedelta(days=days))


@given(st.floats(), st.floats(allow_nan=False))
def test_at_most_passes_exactly_when_the_measure_does_not_exceed_the_limit(measured, limit):
    passed = Criterion.at_most("x", measured=measured, limit=limit).outcome is Outcome.PASSED
    assert passed == (not math.isnan(measured) and not measured > limit)


@given(st.floats(), st.floats(allow_nan=False))
def test_at_least_passes_exactly_when_the_measure_does_not_fall_short(measured, limit):
    passed = Criterion.at_least("x", measured=measured, limit=limit).outcome is Outcome.PASSED
    assert passed == (not math.isnan(measured) and not measured < limit)


@pytest.mark.parametrize("measured", [None, float("nan")])
def test_nothing_and_nan_stop_in_both_directions(measured):
    assert Criterion.at_most("x", measured=measured, limit=1).outcome is Outcome.STOPPED
    assert Criterion.at_least("x", measured=measured, limit=-1).outcome is Outcome.STOPPED


def test_a_gate_without_criteria_is_stopped():
    verdict = Verdict.of([], NO_OVERRIDES, NOW)
    assert verdict.outcome is Outcome.STOPPED
    assert verdict.closed[0].measured == "nothing was measured"


@given(st.lists(st.sampled_from(list(Outcome)), min_size=1))
def test_a_gate_says_the_worst_that_any_criterion_says(outcomes):
    criteria = [Criterion(f"c{number}", 1, 1, outcome) for number, outcome in enumerate(outcomes)]
    verdict = Verdict.of(criteria, NO_OVERRIDES, NOW)
    severity = ["passed", "no_reference", "warned", "overridden", "inconclusive", "stopped"]
    assert verdict.outcome.value == max((outcome.value for outcome in outcomes), key=severity.index)
    assert verdict.is_open == (not {Outcome.INCONCLUSIVE, Outcome.STOPPED} & set(outcomes))


def test_an_override_opens_the_check_it_names_and_says_who_and_why():
    verdict = Verdict.of([STOPPED], Overrides((leave(),)), NOW, subject="data")
    assert verdict.outcome is Outcome.OVERRIDDEN
    assert verdict.criteria[0].detail == "overridden by ada: known outage"
    assert verdict.valid_until == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("override", "subject", "when"),
    [
        (leave(), "data", NOW + timedelta(days=1)),
        (leave(), "other data", NOW),
        (leave(Criterion.at_most("p99, ms", measured=80, limit=60)), "data", NOW),
        (leave(Criterion.at_most("p50, ms", measured=80, limit=50)), "data", NOW),
    ],
    ids=["expired at its very end", "another dataset", "another limit", "another check"],
)
def test_an_override_excuses_nothing_else(override, subject, when):
    assert Verdict.of([STOPPED], Overrides((override,)), when, subject=subject).outcome is Outcome.STOPPED


def test_an_override_does_not_touch_what_passes():
    passing = Criterion.at_most("p99, ms", measured=40, limit=50)
    verdict = Verdict.of([passing], Overrides((leave(passing),)), NOW, subject="data")
    assert verdict.criteria == (passing,)
    assert verdict.valid_until is None


def test_the_longest_override_holds_and_the_first_to_end_bounds_the_verdict():
    other = Criterion.at_most("drop", measured=1, limit=0)
    overrides = Overrides((leave(days=1), leave(days=3, author="bob"), leave(other, days=2)))
    verdict = Verdict.of([STOPPED, other], overrides, NOW, subject="data")
    assert "bob" in verdict.criteria[0].detail
    assert [each.valid_until for each in verdict.criteria] == [NOW + timedelta(days=3), NOW + timedelta(days=2)]
    assert verdict.valid_until == NOW + timedelta(days=2)


def test_one_override_leaves_the_other_criteria_closed():
    other = Criterion.at_most("drop", measured=1, limit=0)
    verdict = Verdict.of([STOPPED, other], Overrides((leave(),)), NOW, subject="data")
    assert [criterion.name for criterion in verdict.closed] == ["drop"]


def test_a_check_is_named_by_its_name_and_limit_never_by_what_was_measured():
    assert STOPPED.check == Criterion.at_most("p99, ms", measured=1, limit=50).check == check_digest("p99, ms", 50)
    assert len({check_digest("a", 1), check_digest("a", 2), check_digest("b", 1), check_digest("a", 1, ["then"])}) == 4


@pytest.mark.parametrize("make", [Criterion.at_most, Criterion.at_least, partial(Criterion.judged, passed=False)])
def test_an_override_does_not_fit_a_check_that_is_about_something_else(make):
    now, then = (make("drift", measured=1, limit=1, about=[version]) for version in ("now", "then"))
    assert now.check != then.check


def test_json_has_the_promised_shape():
    assert STOPPED.as_json() == {
        "name": "p99, ms",
        "measured": 80,
        "limit": 50,
        "verdict": "stopped",
        "detail": "",
        "check": STOPPED.check,
        "valid_until": None,
    }
    [opened] = Verdict.of([STOPPED], Overrides((leave(),)), NOW, subject="data").criteria
    assert opened.as_json()["valid_until"] == "2026-01-02T00:00:00Z"


def test_what_has_no_check_cannot_be_overridden_by_anything():
    nameless = replace(leave(), check="")
    beyond = beyond_excuse(STOPPED)
    assert Verdict.of([beyond], Overrides((leave(), nameless)), NOW, subject="data").outcome is Outcome.STOPPED

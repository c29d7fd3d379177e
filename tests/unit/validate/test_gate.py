from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan

import pytest

from sluiceway.artifacts.validation_report import (
    ClassShareCheck,
    DriftCheck,
    FreshnessCheck,
    RuleCheck,
    ValidationReport,
)
from sluiceway.core.verdict import NO_OVERRIDES, Outcome, Override, Overrides
from sluiceway.validate.gate import gate

NOW = datetime(2013, 11, 1, tzinfo=UTC)
RULE = RuleCheck("s", "x is not missing", "x", measured=1.0, at_least=0.98, rows=1000, broken=0)
MEAN = RuleCheck("s", "mean of x", "x", measured=3.0, at_least=1.0, rows=1000, broken=0, low=1.0, high=4.0)
FRESH = FreshnessCheck("s", NOW - timedelta(hours=1), 7200.0)
DRIFT = DriftCheck("s", "x", "ks", effect=0.01, p_value=0.4, p_adjusted=0.5, reference_rows=1000, rows=1000)
SHARE = ClassShareCheck("late", 0.2, 0.2, 0.0, 0.0, 0.1, rows=10_000, reference_rows=10_000)
REPORT = ValidationReport("d" * 64, "r" * 64, None, (RULE, MEAN), (FRESH,), (DRIFT,), (SHARE,), "")


def judge(world, report=REPORT, overrides=NO_OVERRIDES, now=NOW, **limits):
    return gate(report, world.promise(**limits), overrides, now)


def outcomes(verdict):
    return [criterion.outcome for criterion in verdict.closed]


def test_a_report_without_a_fault_opens(world):
    assert judge(world).outcome is Outcome.PASSED


def test_a_report_in_which_nothing_was_measured_stops(world):
    nothing = ValidationReport("d", None, None, (), (), (), (), "")
    assert judge(world, nothing).outcome is Outcome.STOPPED
    assert (
        judge(world, replace(nothing, reference="r")).closed[0].detail
        == "no column could be compared with the reference"
    )


PARTITIONS = replace(FRESH, partition="dt", every_s=86_400.0, expected=5)
ROWS = RuleCheck("s", "number of rows at least 9", "", measured=10, at_least=1.0, rows=10, broken=0, low=9.0)
FOUND = RuleCheck("s", "sql: none", "", measured=0, at_least=1.0, rows=10, broken=0, high=0.0, definition="ab")
APART = replace(RULE, on_failure="quarantine")
MOVED = replace(DRIFT, effect=0.5, p_value=1e-9, p_adjusted=1e-8, then=1.0, now=2.0)

FAULTS = {
    "a band that is exceeded": {"drift": (replace(MOVED, test="mean", limit=0.3),)},
    "missing values that grew": {"drift": (replace(MOVED, test="nulls", then=0.0, now=0.5),)},
    "a missing partition": {"freshness": (replace(PARTITIONS, missing=1, gaps=("2013-10-30",)),)},
    "an old partition": {"freshness": (replace(PARTITIONS, newest=NOW - timedelta(hours=3)),)},
    "too few rows": {"rules": (replace(ROWS, measured=8),)},
    "a statement that found rows": {"rules": (replace(FOUND, measured=3, broken=3),)},
    "a statement that gave nothing": {"rules": (replace(FOUND, measured=None),)},
    "more rows in quarantine than may be": {"rules": (replace(APART, measured=0.97, broken=30),)},
    "a rule that is broken too often": {"rules": (replace(RULE, measured=0.97, broken=30),)},
    "a rule without a measure": {"rules": (replace(RULE, measured=None),)},
    "a rule with NaN": {"rules": (replace(RULE, measured=nan),)},
    "a mean above": {"rules": (replace(MEAN, measured=4.1),)},
    "a mean below": {"rules": (replace(MEAN, measured=0.9),)},
    "a mean of NaN": {"rules": (replace(MEAN, measured=nan),)},
    "a mean without a measure": {"rules": (replace(MEAN, measured=None),)},
    "an old source": {"freshness": (replace(FRESH, newest=NOW - timedelta(hours=3)),)},
    "a source without rows": {"freshness": (replace(FRESH, newest=None),)},
    "drift": {"drift": (replace(DRIFT, effect=0.2, p_value=1e-9, p_adjusted=1e-8),)},
    "drift with a p of NaN": {"drift": (replace(DRIFT, effect=0.2, p_value=nan, p_adjusted=nan),)},
    "drift with an effect of NaN": {"drift": (replace(DRIFT, effect=nan, p_value=1e-9, p_adjusted=1e-9),)},
    "a changed class share": {"class_shares": (replace(SHARE, share=0.3, relative_change=0.5, low=0.4, high=0.6),)},
    "a class share without outcomes": {"class_shares": (replace(SHARE, share=None, relative_change=None, rows=0),)},
    "a class share of NaN": {"class_shares": (replace(SHARE, relative_change=nan),)},
    "a class share without a change": {"class_shares": (replace(SHARE, relative_change=None),)},
    "no class share": {"class_shares": ()},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_stops(world, fault):
    verdict = judge(world, replace(REPORT, **FAULTS[fault]))
    assert outcomes(verdict) == [Outcome.STOPPED]


@pytest.mark.parametrize("fault", FAULTS)
def test_an_override_opens_each_fault_then_expires_and_closes_it_again(world, fault):
    report = replace(REPORT, as_of=NOW, **FAULTS[fault])
    [criterion] = judge(world, report).closed
    ends = NOW + timedelta(days=7)
    leave = Overrides((Override(criterion.check, report.dataset, "ana", "agreed", ends),))
    opened = judge(world, report, leave)
    assert (opened.is_open, opened.outcome, opened.valid_until) == (True, Outcome.OVERRIDDEN, ends)
    assert not judge(world, report, leave, now=ends).is_open


@pytest.mark.parametrize("fault", FAULTS)
def test_an_override_excuses_no_other_as_of(world, fault):
    report = replace(REPORT, as_of=NOW, **FAULTS[fault])
    [criterion] = judge(world, report).closed
    leave = Overrides((Override(criterion.check, report.dataset, "ana", "agreed", NOW + timedelta(days=7)),))
    assert judge(world, report, leave).is_open
    assert not judge(world, replace(report, as_of=NOW + timedelta(seconds=1)), leave).is_open


@pytest.mark.parametrize("fault", ["drift", "a changed class share"])
def test_an_override_excuses_no_other_reference(world, fault):
    report = replace(REPORT, **FAULTS[fault])
    [criterion] = judge(world, report).closed
    leave = Overrides((Override(criterion.check, report.dataset, "ana", "agreed", NOW + timedelta(days=7)),))
    assert judge(world, report, leave).is_open
    assert not judge(world, replace(report, reference="q" * 64), leave).is_open


def test_an_override_excuses_no_other_condition_of_the_same_label(world):
    report = replace(REPORT, **FAULTS["a changed class share"])
    [criterion] = judge(world, report).closed
    leave = Overrides((Override(criterion.check, report.dataset, "ana", "agreed", NOW + timedelta(days=7)),))
    other = replace(report.class_shares[0], condition="delay > 60")
    assert not judge(world, replace(report, class_shares=(other,)), leave).is_open


def test_an_override_of_drift_excuses_no_other_level_and_not_the_strict_rule(world):
    report = replace(REPORT, **FAULTS["drift"])
    [criterion] = judge(world, report).closed
    leave = Overrides((Override(criterion.check, report.dataset, "ana", "agreed", NOW + timedelta(days=7)),))
    assert not judge(world, report, leave, drift_p_value=0.05).is_open
    assert not judge(world, report, leave, drift_p_value=0.05, strict_drift=True).is_open


def test_a_first_version_opened_by_an_override_says_so(world):
    share = replace(SHARE, reference_share=None, relative_change=None, reference_rows=0)
    first = replace(REPORT, reference=None, drift=(), class_shares=(share,), rules=FAULTS["a mean above"]["rules"])
    [criterion] = judge(world, first).closed
    leave = Overrides((Override(criterion.check, first.dataset, "ana", "agreed", NOW + timedelta(days=7)),))
    assert judge(world, first, leave).outcome is Outcome.OVERRIDDEN


def test_an_override_excuses_no_other_dataset_and_no_other_limit(world):
    report = replace(REPORT, **FAULTS["a changed class share"])
    [criterion] = judge(world, report).closed
    leave = Overrides((Override(criterion.check, report.dataset, "ana", "agreed", NOW + timedelta(days=7)),))
    assert judge(world, report, leave).is_open
    assert not judge(world, replace(report, dataset="e" * 64), leave).is_open
    assert not judge(world, report, leave, max_class_share_change=0.3).is_open


def test_a_name_says_what_was_checked(world):
    names = [criterion.name for criterion in judge(world).criteria]
    assert names == [
        "s: x is not missing",
        "s: mean of x",
        "s: age of the newest row in seconds",
        "s: drift of x (Kolmogorov-Smirnov)",
        "class share of late: relative change",
    ]


def test_freshness_counts_from_the_reports_as_of_or_from_now(world):
    later = NOW + timedelta(days=30)
    assert not judge(world, now=later).is_open
    assert judge(world, replace(REPORT, as_of=NOW), now=later).is_open


def test_significant_but_negligible_drift_passes_and_says_so(world):
    tiny = replace(REPORT, drift=(replace(DRIFT, effect=0.049, p_value=1e-30, p_adjusted=1e-29),))
    verdict = judge(world, tiny)
    assert verdict.is_open
    assert verdict.criteria[3].detail.startswith("significant but negligible")


def test_strict_drift_stops_by_the_bare_p_value_alone(world):
    tiny = replace(REPORT, drift=(replace(DRIFT, effect=0.001, p_value=0.0099, p_adjusted=0.5),))
    assert judge(world, tiny).is_open
    assert not judge(world, tiny, strict_drift=True).is_open
    at_the_limit = replace(REPORT, drift=(replace(DRIFT, p_value=0.01),))
    assert judge(world, at_the_limit, strict_drift=True).is_open


def test_a_large_effect_that_chance_explains_passes(world):
    chance = replace(REPORT, drift=(replace(DRIFT, effect=0.3, p_value=0.02, p_adjusted=0.04),))
    assert judge(world, chance).is_open


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"test": "none", "effect": None, "p_value": None, "p_adjusted": None}, Outcome.PASSED),
        ({"effect": None, "p_value": None, "p_adjusted": None, "reference_rows": 0}, Outcome.NO_REFERENCE),
        ({"effect": None, "p_value": None, "p_adjusted": None, "rows": 9}, Outcome.INCONCLUSIVE),
    ],
)
def test_a_column_that_was_not_tested_says_why(world, change, outcome):
    verdict = judge(world, replace(REPORT, drift=(replace(DRIFT, note="because", **change),)))
    assert (verdict.criteria[3].outcome, verdict.criteria[3].detail) == (outcome, "because")


def test_no_reference_opens_and_is_recorded(world):
    first = replace(
        REPORT, reference=None, drift=(), class_shares=(replace(SHARE, reference_share=None, reference_rows=0),)
    )
    verdict = judge(world, first)
    assert verdict.outcome is Outcome.NO_REFERENCE
    assert verdict.is_open


RARE = ClassShareCheck("late", 0.01, 0.01, 0.1, 0.0, 0.7, rows=1000, reference_rows=1000)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, Outcome.INCONCLUSIVE),
        ({"low": None, "high": None}, Outcome.INCONCLUSIVE),
        ({"relative_change": None, "low": None, "high": None, "reference_share": 0.0}, Outcome.INCONCLUSIVE),
        ({"relative_change": 3.0, "low": 1.2, "high": 8.0}, Outcome.STOPPED),
        ({"relative_change": 0.01, "low": 0.0, "high": 0.1}, Outcome.PASSED),
        ({"rows": 100_000, "reference_rows": 100_000}, Outcome.PASSED),
        ({"rows": 100_000, "reference_rows": 100_000, "relative_change": 0.2}, Outcome.STOPPED),
    ],
)
def test_a_rare_class_is_judged_only_where_its_interval_is_clear(world, change, outcome):
    criterion = judge(world, replace(REPORT, class_shares=(replace(RARE, **change),))).criteria[-1]
    assert criterion.outcome is outcome
    assert criterion.detail.startswith("insufficient data") == (outcome is Outcome.INCONCLUSIVE)

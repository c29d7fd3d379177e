from dataclasses import replace

import numpy as np
import pytest

from sluiceway.artifacts.health_report import ALERT, WARNING, Alert, FeatureDrift, Interval, Performance
from sluiceway.observe.alerts import (
    EARLY,
    drift_alerts,
    held_back,
    most_urgent_first,
    performance_alerts,
    traffic_alerts,
)
from sluiceway.observe.rows import DAY_US
from sluiceway.observe.traffic import Requests

from .conftest import SPEC

UNCHANGED = Interval(0.0, -0.1, 0.1)


def drift(column, verdict, psi=0.5):
    return FeatureDrift(column, psi, 0.01, 0.2, "ks", 0.3, 0.0, 0.3, 0.0, 0.0, verdict, then="median 1", now="median 9")


def performance(f1=UNCHANGED, cost=UNCHANGED):
    return Performance(1000, 1.0, 200, 0.5, 0.6, f1, 15.0, 10.0, cost, 5000.0)


def requests(rows=1000, *, failed=0, slow=0, ms=60.0):
    status = np.where(np.arange(rows) < failed, 503, 200)
    latency = np.where(np.arange(rows) >= rows - slow, ms, 1.0) * 1000
    return Requests(np.arange(rows) * DAY_US, status, latency.astype(np.int64))


def test_only_what_drifted_is_told_what_moved_most_first():
    found = list(
        drift_alerts(
            [drift("a", "drift", 0.3), drift("b", "seasonal"), drift("c", "moved"), drift("d", "drift", 3.0)],
            drift("probability", "drift"),
            SPEC.acceptance,
        )
    )
    assert [(each.kind, each.subject) for each in found] == [
        ("data_drift", "d"),
        ("data_drift", "a"),
        ("prediction_drift", "probability"),
    ]
    assert found[0].message == "d moved: PSI 3.00, limit 0.2; now median 9, was median 1"
    assert (found[0].measured, found[0].limit) == (3.0, 0.2)
    assert list(drift_alerts([drift("c", "inconclusive")], drift("probability", "stable"), SPEC.acceptance)) == []


def test_strict_drift_tells_the_p_value_that_it_goes_by():
    near = replace(drift("a", "drift", 0.16), p_value=0.0004)
    (found,) = drift_alerts([near], drift("probability", "stable"), SPEC.acceptance)
    assert found.message == "a moved: p 0.0004, limit 0.01 (strict drift; PSI 0.16); now median 9, was median 1"
    assert (found.measured, found.limit) == (0.0004, 0.01)
    few = replace(near, psi=0.3, noise_floor=0.4)
    assert next(drift_alerts([few], near, SPEC.acceptance)).measured == 0.0004
    far = replace(near, psi=0.3)
    assert next(drift_alerts([far], near, SPEC.acceptance)).measured == 0.3


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        (Interval(-0.11, -0.27, 0.11), WARNING),
        (Interval(-0.11, -0.15, -0.04), WARNING),
        (Interval(-0.11, -0.15, -0.06), ALERT),
        (Interval(-0.11, None, None), WARNING),
        (Interval(-0.049, -0.06, -0.04), None),
        (Interval(0.5, 0.4, 0.6), None),
        (Interval(None, None, None), None),
    ],
)
def test_a_fallen_f1_warns_and_alerts_only_where_the_bound_agrees(change, severity):
    found = list(performance_alerts(performance(f1=change), SPEC))
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all((each.kind, each.measured, each.limit) == ("performance", 0.11, 0.05) for each in found)


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        (Interval(0.16, 0.015, 0.32), WARNING),
        (Interval(0.67, 0.52, 0.83), ALERT),
        (Interval(0.67, None, None), WARNING),
        (Interval(-0.3, -0.5, -0.2), None),
    ],
)
def test_a_risen_cost_warns_and_alerts_only_where_the_bound_agrees(change, severity):
    found = list(performance_alerts(performance(cost=change), SPEC))
    assert [each.severity for each in found] == ([severity] if severity else [])


def test_an_alert_on_cost_says_what_it_costs():
    (alert,) = performance_alerts(performance(cost=Interval(0.5, 0.4, 0.6)), SPEC)
    assert alert.message == (
        "a request costs 15 EUR, 50\N{NO-BREAK SPACE}% above the 10 EUR that was declared; "
        "with 95 % confidence at least 40\N{NO-BREAK SPACE}% above it; 5,000 EUR in all"
    )


def test_without_matured_outcomes_nothing_is_said_of_performance():
    assert list(performance_alerts(None, SPEC)) == []


@pytest.mark.parametrize(("failed", "severity"), [(0, None), (1, None), (3, WARNING), (10, ALERT)])
def test_failures_beyond_the_promise_are_told(failed, severity):
    found = list(traffic_alerts(requests(failed=failed), SPEC, scope="live"))
    assert [(each.kind, each.severity) for each in found] == ([("errors", severity)] if severity else [])


@pytest.mark.parametrize(("slow", "severity"), [(0, None), (10, None), (12, WARNING), (30, ALERT)])
def test_slow_answers_beyond_the_promise_are_told(slow, severity):
    found = list(traffic_alerts(requests(slow=slow), SPEC, scope="live"))
    assert [(each.kind, each.severity) for each in found] == ([("latency", severity)] if severity else [])


def test_a_rehearsals_latency_only_warns():
    (slow,) = traffic_alerts(requests(slow=500), SPEC, scope="rehearsal")
    assert slow.severity == WARNING
    (failed,) = traffic_alerts(requests(failed=500), SPEC, scope="rehearsal")
    assert failed.severity == ALERT


def test_without_requests_nothing_is_said_of_them():
    assert list(traffic_alerts(requests(0), SPEC, scope="live")) == []


def test_what_is_held_back_only_warns_but_for_the_service():
    kinds = ("data_drift", "prediction_drift", "performance", "cost", "errors", "latency")
    found = held_back((Alert(ALERT, kind, "x", "x moved", 1.0, 0.5) for kind in kinds), EARLY)
    assert {each.kind for each in found if each.severity == ALERT} == {"errors", "latency"}
    assert found[-1].message == "x moved; too few days were watched for this to be sure"
    noted = Alert(WARNING, "cost", "x", "x costs", 1.0, 0.5)
    assert held_back([noted], EARLY) == (noted,)


def test_alerts_come_before_warnings_and_costs_before_columns():
    given = [
        Alert(severity, kind, "x", "", 1.0, 0.5) for severity in (WARNING, ALERT) for kind in ("data_drift", "cost")
    ]
    assert [(each.severity, each.kind) for each in most_urgent_first(given)] == [
        (ALERT, "cost"),
        (ALERT, "data_drift"),
        (WARNING, "cost"),
        (WARNING, "data_drift"),
    ]

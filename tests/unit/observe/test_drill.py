from dataclasses import replace

import numpy as np
import pytest

from sluiceway.artifacts.health_report import ALERT, WARNING, Alert
from sluiceway.observe.drill import MOST_ROWS, drawn, drills, judged
from sluiceway.observe.fault import Fault

from .conftest import SPEC


def keep(rows, requests, _):
    return rows, requests


COLUMN = Fault("lost", "distance", "data_drift: distance", keep, follows=frozenset({"prediction_drift"}))
SERVICE = Fault("failing", "", "errors: failed requests", keep)
CONTROL = Fault("control: nothing", "", "", keep)


@pytest.fixture
def window_with(quiet):
    return lambda *alerts: replace(quiet.windows[0], alerts=alerts)


def alert(kind, subject, severity=ALERT):
    return Alert(severity, kind, subject, f"{subject} moved", 1.0, 0.2)


@pytest.mark.parametrize("seed", range(8))
def test_every_fault_is_noticed_and_the_control_stays_silent_whatever_is_drawn(world, reference, seed):
    found = drills(reference, SPEC, world.predictor, seed=seed)
    assert [drill for drill in found if not drill.behaved] == []
    assert [drill.fired for drill in found if not drill.expected] == [()]


def test_the_same_seed_gives_the_same_drills(world, reference, quiet):
    assert drills(reference, SPEC, world.predictor) == quiet.drills


def test_a_deaf_alarm_is_found_out(world, reference):
    deaf = replace(reference, limits=dict.fromkeys(reference.limits, 1e9))
    misbehaved = [drill.name for drill in drills(deaf, SPEC, world.predictor) if not drill.behaved]
    assert misbehaved == [
        "shifted by 1.8 standard deviations",
        "30% of its values lost",
        "in another unit, times 1.609",
        "30% of its values renamed",
    ]


def test_a_noisy_alarm_is_found_out_by_the_control(world, reference):
    nervous = replace(SPEC, acceptance=replace(SPEC.acceptance, strict_drift=True, drift_p_value=0.999))
    control, *_ = drills(reference, nervous, world.predictor)
    assert (control.behaved, control.expected) == (False, "")
    assert control.fired


def test_a_fault_must_name_its_own_column(window_with):
    assert judged(
        COLUMN, window_with(alert("data_drift", "distance"), alert("prediction_drift", "probability"))
    ).behaved
    assert not judged(COLUMN, window_with(alert("data_drift", "carrier"))).behaved
    assert not judged(COLUMN, window_with(alert("data_drift", "distance"), alert("data_drift", "carrier"))).behaved
    assert not judged(COLUMN, window_with(alert("data_drift", "distance", WARNING))).behaved
    assert not judged(COLUMN, window_with()).behaved


def test_a_fault_may_raise_what_follows_from_it_and_nothing_else(window_with):
    own = alert("errors", "failed requests")
    assert judged(SERVICE, window_with(own)).behaved
    for stray in ("latency", "prediction_drift", "cost", "performance", "data_drift"):
        assert not judged(SERVICE, window_with(own, alert(stray, "x"))).behaved
        assert judged(SERVICE, window_with(own, alert(stray, "x", WARNING))).behaved
    lost = alert("data_drift", "distance")
    assert not judged(COLUMN, window_with(lost, alert("latency", "p99"))).behaved


def test_the_control_must_send_nothing_but_may_note_something(window_with):
    assert judged(CONTROL, window_with(alert("cost", "cost per row", WARNING))).behaved
    assert not judged(CONTROL, window_with(alert("cost", "cost per row"))).behaved


def test_a_drill_says_what_was_said_of_its_fault(window_with):
    found = judged(COLUMN, window_with(alert("cost", "cost per row"), alert("data_drift", "distance")))
    assert (found.detail, found.fired) == ("distance moved", ("cost: cost per row", "data_drift: distance"))


def test_a_holdout_that_is_too_small_says_why_no_alarm_can_work(world, reference):
    small = replace(reference, rows=reference.rows.take(np.arange(150)))
    found = drills(small, SPEC, world.predictor)
    assert any(not drill.behaved for drill in found)
    assert {drill.detail for drill in found} == {
        "the holdout is too small to compare with: under 200 rows nothing is said"
    }


def test_rows_are_drawn_from_the_reference_but_are_not_the_same(reference):
    some = drawn(reference, np.random.default_rng(1))
    assert len(some) == min(len(reference.rows), MOST_ROWS)
    assert np.isin(some.at, reference.rows.at).all()
    assert 0.55 < np.unique(some.at).size / len(some) < 0.72
    assert (np.diff(some.at) >= 0).all()

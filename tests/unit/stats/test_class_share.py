import numpy as np
import pytest
from scipy.stats.contingency import relative_risk

from sluiceway.stats.class_share import class_share_change


def change(positives, rows, reference_positives, reference_rows):
    return class_share_change(
        positives=positives, rows=rows, reference_positives=reference_positives, reference_rows=reference_rows
    )


def test_interval_is_that_of_the_risk_ratio():
    bounds = relative_risk(300, 1000, 200, 1000).confidence_interval(0.95)
    ours = change(300, 1000, 200, 1000)
    assert ours.relative_change == pytest.approx(0.5)
    assert (ours.low, ours.high) == pytest.approx((bounds.low - 1, bounds.high - 1))


def test_a_fall_is_measured_as_its_size():
    bounds = relative_risk(100, 1000, 200, 1000).confidence_interval(0.95)
    ours = change(100, 1000, 200, 1000)
    assert ours.relative_change == pytest.approx(0.5)
    assert (ours.low, ours.high) == pytest.approx((1 - bounds.high, 1 - bounds.low))


def test_interval_starts_at_nothing_when_both_directions_are_possible():
    ours = change(205, 1000, 200, 1000)
    assert ours.low == 0.0
    assert ours.high > ours.relative_change


def test_interval_covers_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(5)
    drawn = [change(rng.binomial(2000, 0.24), 2000, rng.binomial(3000, 0.2), 3000) for _ in range(1500)]
    assert 0.93 < np.mean([each.low <= 0.2 <= each.high for each in drawn]) < 0.97


@pytest.mark.parametrize(("counts", "measured"), [((0, 0, 5, 10), None), ((5, 10, 0, 0), None), ((5, 10, 0, 10), None)])
def test_what_cannot_be_told_is_none(counts, measured):
    assert change(*counts).relative_change is measured


def test_a_class_that_vanished_has_changed_wholly_without_an_interval():
    gone = change(0, 100, 50, 100)
    assert (gone.relative_change, gone.low, gone.high) == (1.0, None, None)


def test_heart_attacks_with_and_without_aspirin():
    # Agresti (2007), section 2.2.3: the relative risk is 1.82, its 95 % interval 1.43 to 2.30.
    ours = change(189, 11_034, 104, 11_037)
    assert (1 + ours.relative_change, 1 + ours.low, 1 + ours.high) == pytest.approx((1.82, 1.43, 2.31), abs=0.01)

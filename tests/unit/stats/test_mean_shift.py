"""The shift of a mean against published numbers, against scipy, and in properties that it must have."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.stats.mean_shift import mean_shift

# Squares of still smaller values vanish, with which scipy's degrees of freedom become NaN.
NUMBERS = st.floats(-1e6, 1e6).map(lambda value: value if abs(value) > 1e-60 else 0.0)
SAMPLES = st.lists(NUMBERS, min_size=2, max_size=60).map(np.array)


def with_moments(rows, mean, deviation):
    """Values of exactly this mean and standard deviation."""
    values = np.linspace(-1, 1, rows) ** 3
    return mean + (values - values.mean()) / values.std(ddof=1) * deviation


def test_the_mileage_of_american_and_japanese_cars():
    # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.3, AUTO83B.DAT, unequal variances: T = -12.94627 with
    # 136.8750 degrees of freedom; its upper 0.995 quantile of t is 2.612.
    american, japanese = with_moments(249, 20.14458, 6.41470), with_moments(79, 30.48101, 6.10771)
    moved = mean_shift(american, japanese)
    error = math.sqrt(6.41470**2 / 249 + 6.10771**2 / 79)
    assert moved.shift * 6.41470 / error == pytest.approx(12.94627, abs=1e-4)
    assert moved.resolution * 6.41470 / error == pytest.approx(2.612, abs=1e-3)


def test_a_shift_of_one_point_eight_deviations_is_told_from_64_values():
    moved = mean_shift(with_moments(500, 33.0, 11.0), with_moments(64, 33.0 + 1.8 * 11.0, 11.0))
    assert moved.shift == pytest.approx(1.8)
    assert moved.p_value < 1e-12


@given(SAMPLES, SAMPLES)
@settings(deadline=None)
def test_it_agrees_with_scipy(then, now):
    from scipy.stats import ttest_ind

    moved = mean_shift(np.sort(then), np.sort(now))
    if np.ptp(then) > 1e-6 * np.abs(then).max() and np.ptp(now) > 1e-6 * np.abs(now).max():
        assert moved.p_value == pytest.approx(ttest_ind(then, now, equal_var=False).pvalue, rel=1e-6, abs=1e-12)


@given(SAMPLES, SAMPLES, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_sorted_values_give_the_same_whatever_their_order_was(then, now, random):
    shuffled = list(now)
    random.shuffle(shuffled)
    assert mean_shift(np.sort(then), np.sort(now)) == mean_shift(np.sort(then), np.sort(np.array(shuffled)))


@given(SAMPLES, SAMPLES)
@settings(deadline=None)
def test_the_p_value_does_not_depend_on_which_side_is_the_reference(then, now):
    one, other = mean_shift(np.sort(then), np.sort(now)), mean_shift(np.sort(now), np.sort(then))
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
    assert one.shift * one.unit == pytest.approx(other.shift * other.unit, rel=1e-9, abs=1e-9)


def test_a_reference_that_does_not_vary_is_measured_by_both_sides_together():
    moved = mean_shift(np.full(50, 8.0), np.array([8.0] * 25 + [16.0] * 25))
    assert moved.unit > 0
    assert moved.shift == pytest.approx(4.0 / moved.unit)
    apart = mean_shift(np.full(50, 8.0), np.full(50, 16.0))
    assert (apart.p_value, apart.shift) == (0.0, pytest.approx(2 * math.sqrt(99 / 100)))
    assert mean_shift(np.full(50, 8.0), np.full(50, 8.0)).shift == 0.0


@pytest.mark.parametrize("values", [[], [1.0], [1e308, 1.7e308, 1.7e308]])
def test_what_has_no_mean_is_not_measured(values):
    moved = mean_shift(np.arange(10.0), np.array(values))
    assert math.isnan(moved.shift)
    assert math.isnan(moved.p_value)

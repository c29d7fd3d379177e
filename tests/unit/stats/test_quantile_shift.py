"""The shift of a quantile: against a table worked out by hand, against scipy, and in properties that it must have."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.stats.quantile_shift import quantile_shift

SAMPLES = st.lists(st.integers(0, 40).map(float), min_size=1, max_size=80).map(np.array)


def test_moods_median_test_worked_out_by_hand():
    # Mood (1950), section 16.5: below the common median of 20.5 lie 15 of 20 values then and 5 of 20 now, so that
    # chi-square is 40 * (15 * 15 - 5 * 5)**2 / 20**4 = 10; of one degree of freedom, p = 0.001565.
    then, now = np.arange(1.0, 21.0), np.arange(11.0, 31.0)
    moved = quantile_shift(then, now, 0.5)
    assert (moved.then, moved.now) == (10.5, 20.5)
    assert moved.p_value == pytest.approx(0.001565, abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=21, max_size=60, unique=True), st.integers(10, 11))
@settings(deadline=None)
def test_of_the_median_it_is_scipys_median_test(values, first):
    from scipy.stats import median_test

    values = values[: len(values) // 2 * 2]
    then, now = np.sort(values[:first]), np.sort(values[first:])
    table = median_test(then, now, correction=False)
    if (table.table.sum(axis=1).min() * min(then.size, now.size) / len(values)) >= 5:
        assert quantile_shift(then, now, 0.5).p_value == pytest.approx(table.pvalue, rel=1e-9)


@given(SAMPLES, SAMPLES, st.sampled_from([0.1, 0.5, 0.9]))
@settings(deadline=None)
def test_the_p_value_does_not_depend_on_which_side_is_the_reference(then, now, at):
    one, other = quantile_shift(np.sort(then), np.sort(now), at), quantile_shift(np.sort(now), np.sort(then), at)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
    assert (one.then, one.now) == (other.now, other.then)
    assert 0 <= one.p_value <= 1


@given(SAMPLES)
@settings(deadline=None)
def test_a_sample_has_not_moved_from_itself(values):
    moved = quantile_shift(np.sort(values), np.sort(values), 0.5)
    assert moved.then == moved.now
    assert moved.p_value == 1.0


def test_ties_on_the_cut_do_not_hide_a_shift():
    then, now = np.array([5.0] * 60 + [6.0] * 40), np.full(100, 5.0)
    moved = quantile_shift(then, now, 0.9)
    assert (moved.then, moved.now) == (6.0, 5.0)
    assert moved.p_value < 1e-6


def test_without_values_nothing_is_said():
    assert math.isnan(quantile_shift(np.array([]), np.arange(3.0), 0.5).p_value)

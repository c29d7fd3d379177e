import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from sluiceway.stats.ks_test import ks_test

values = st.lists(st.integers(0, 8).map(float) | st.floats(-3, 3), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(values, values)
def test_statistic_equals_the_greatest_gap_at_any_value_also_with_ties(then, now):
    result = ks_test(np.array(then), np.array(now))
    gaps = [abs(np.mean(np.array(then) <= at) - np.mean(np.array(now) <= at)) for at in then + now]
    assert result.statistic == pytest.approx(max(gaps))


@pytest.mark.parametrize("shift", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_p_value_agrees_with_scipy(shift):
    rng = np.random.default_rng(7)
    then, now = rng.normal(size=3000), rng.normal(shift, size=2000)
    ours, theirs = ks_test(then, now), ks_2samp(then, now, method="asymp")
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=0.03, abs=1e-4)


def test_missing_values_are_left_out():
    result = ks_test(np.array([1.0, np.nan, 2.0]), np.array([np.nan, 3.0]))
    assert (result.statistic, result.reference_rows, result.rows) == (1.0, 2, 1)


def test_no_values_give_nan():
    result = ks_test(np.array([np.nan]), np.array([1.0]))
    assert np.isnan(result.statistic)
    assert np.isnan(result.p_value)


def test_equal_samples_have_p_value_one():
    assert ks_test(np.arange(500.0), np.arange(500.0)).p_value == 1.0

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from sluiceway.stats.ks_test import ks_p_value, ks_test

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


@pytest.mark.parametrize(("scaled", "chance"), [(1.2239, 0.1), (1.3581, 0.05), (1.6276, 0.01), (1.9495, 0.001)])
def test_critical_values_of_smirnovs_table(scaled, chance):
    # Smirnov (1948); of two samples of 2 n values, D scaled by the root of n.
    assert ks_p_value(scaled / 1000, reference_rows=2_000_000, rows=2_000_000) == pytest.approx(chance, rel=5e-3)


@pytest.mark.parametrize("sizes", [(500, 64), (60, 60), (500, 8)])
def test_for_small_samples_it_is_near_the_exact_p_value(sizes):
    exact = [(found, ks_2samp(*found, method="exact").pvalue) for found in drawn(sizes, 40)]
    for (then, now), chance in exact:
        ours = ks_test(then, now).p_value
        assert chance * 0.7 - 1e-4 <= ours <= chance * 2.2 + 1e-4


def drawn(sizes, times):
    rng = np.random.default_rng(11)
    return [(rng.normal(size=sizes[0]), rng.normal(rng.uniform(0, 1), size=sizes[1])) for _ in range(times)]


@given(values, values, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_neither_the_order_of_values_nor_the_side_matters(then, now, random):
    shuffled = random.sample(now, len(now))
    assert ks_test(np.array(then), np.array(now)) == ks_test(np.array(then), np.array(shuffled))
    turned = ks_test(np.array(now), np.array(then))
    assert turned.statistic == pytest.approx(ks_test(np.array(then), np.array(now)).statistic)


def test_the_resolution_is_the_smallest_distance_that_is_significant():
    found = ks_test(np.arange(500.0), np.arange(64.0))
    assert ks_p_value(found.resolution, reference_rows=500, rows=64) == pytest.approx(0.01, rel=1e-6)
    assert found.resolution == pytest.approx(0.212, abs=1e-3)
    assert np.isnan(ks_test(np.array([]), np.arange(3.0)).resolution)
    assert ks_test(np.arange(2.0), np.arange(2.0)).resolution == 1.0

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.stats.quantile_bounds import QuantileBounds, quantile_bounds

SAMPLES = st.lists(st.integers(-1_000, 1_000), min_size=1, max_size=400).map(np.array)


def test_a_median_of_a_hundred_lies_between_the_42nd_and_the_59th():
    shuffled = np.random.default_rng(1).permutation(np.arange(1, 101))
    assert quantile_bounds(shuffled, 0.5) == QuantileBounds(50.0, 42.0, 59.0)


def test_an_upper_bound_of_the_99th_percentile_takes_299_values():
    # 0.99 ** 298 is above 5 %, 0.99 ** 299 is not
    assert quantile_bounds(np.arange(298), 0.99).high is None
    assert quantile_bounds(np.arange(299), 0.99).high == 298.0


def test_four_values_cannot_bound_a_median_and_five_can():
    assert quantile_bounds(np.arange(4), 0.5) == QuantileBounds(1.0, None, None)
    assert quantile_bounds(np.arange(5), 0.5) == QuantileBounds(2.0, 0.0, 4.0)


def test_nothing_is_said_of_no_values():
    assert quantile_bounds(np.array([]), 0.5) == QuantileBounds(None, None, None)


@given(SAMPLES, st.floats(0.01, 0.99))
def test_bounds_are_values_of_the_sample_around_the_point(values, quantile):
    bounds = quantile_bounds(values, quantile)
    assert bounds.value in values
    assert bounds.low is None or (bounds.low in values and bounds.low <= bounds.value)
    assert bounds.high is None or (bounds.high in values and bounds.high >= bounds.value)


@given(SAMPLES, st.floats(0.01, 0.99))
def test_more_confidence_never_makes_the_bounds_narrower(values, quantile):
    loose, strict = quantile_bounds(values, quantile, confidence=0.9), quantile_bounds(values, quantile)
    assert strict.low is None or strict.low <= loose.low
    assert strict.high is None or strict.high >= loose.high


@given(SAMPLES)
def test_the_point_has_its_share_at_or_below_it(values):
    point = quantile_bounds(values, 0.99).value
    assert np.mean(values <= point) >= 0.99
    assert np.mean(values < point) < 0.99


@pytest.mark.parametrize(("rows", "quantile"), [(60, 0.5), (700, 0.99)])
def test_each_bound_holds_in_95_of_100_samples_of_a_skewed_distribution(rows, quantile):
    draw = np.random.default_rng(3)
    true = -np.log(1 - quantile)  # the quantile of an exponential
    found = [quantile_bounds(draw.exponential(size=rows), quantile) for _ in range(2_000)]
    assert np.mean([each.low <= true for each in found]) >= 0.945
    assert np.mean([each.high >= true for each in found]) >= 0.945

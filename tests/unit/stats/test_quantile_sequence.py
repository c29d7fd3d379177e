import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.stats.quantile_bounds import QuantileBounds, quantile_bounds
from sluiceway.stats.quantile_sequence import quantile_sequence
from sluiceway.stats.share_sequence import is_excluded

SAMPLES = st.lists(st.integers(0, 50), min_size=1, max_size=300).map(np.array)


def test_the_bounds_are_values_of_the_sample():
    shuffled = np.random.default_rng(1).permutation(np.arange(1, 101))
    assert quantile_sequence(shuffled, 0.5) == QuantileBounds(50.0, 34.0, 67.0)


def test_nothing_is_said_of_nothing():
    assert quantile_sequence(np.array([]), 0.5) == QuantileBounds(None, None, None)


@settings(deadline=None)
@given(SAMPLES, st.sampled_from([0.1, 0.5, 0.9, 0.99]))
def test_every_rank_is_the_tightest_that_excludes_the_quantile(values, quantile):
    found, ordered, count = quantile_sequence(values, quantile), np.sort(values), values.size

    def excludes(below):
        return is_excluded(quantile, successes=below, trials=count, doubt=0.05)

    low = [k for k in range(count + 1) if k <= count * quantile and excludes(k)]
    high = [k for k in range(count + 1) if k > count * quantile and excludes(k)]
    assert found.low == (ordered[max(low)] if low and max(low) < count else None)
    assert found.high == (ordered[min(high) - 1] if high else None)


@settings(deadline=None)
@given(SAMPLES, st.sampled_from([0.5, 0.9]))
def test_bounds_that_hold_at_every_look_are_wider_than_those_of_one(values, quantile):
    always, once = quantile_sequence(values, quantile), quantile_bounds(values, quantile)
    assert always.value == once.value
    assert always.low is None or once.low is None or always.low <= once.low
    assert always.high is None or once.high is None or always.high >= once.high


@pytest.mark.parametrize("quantile", [0.5, 0.99])
def test_no_look_crosses_a_bound_in_95_of_100_sequences_and_more(quantile):
    drawn, crossed = np.random.default_rng(5), 0
    truth = -np.log(1 - quantile)
    for _ in range(200):
        values = drawn.exponential(size=1_500)
        for seen in range(20, 1_500, 40):
            found = quantile_sequence(values[:seen], quantile)
            if (found.low is not None and found.low > truth) or (found.high is not None and found.high < truth):
                crossed += 1
                break
    assert crossed / 200 <= 0.05

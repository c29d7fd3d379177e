import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from sluiceway.stats.binomial_bounds import binomial_bounds, trials_needed


@pytest.mark.parametrize(("failures", "trials"), [(0, 2_995), (1, 4_742), (2, 6_294), (3, 7_752), (5, 10_511)])
def test_the_trials_that_certify_99_9_percent(failures, trials):
    assert trials_needed(failures=failures, share=0.999) == trials
    assert binomial_bounds(successes=trials - failures, trials=trials).low >= 0.999
    assert binomial_bounds(successes=trials - 1 - failures, trials=trials - 1).low < 0.999


@given(st.integers(1, 5_000), st.data())
def test_bounds_equal_those_of_an_independent_implementation(trials, data):
    successes = data.draw(st.integers(0, trials))
    bounds = binomial_bounds(successes=successes, trials=trials)
    # a two-sided interval of 90 % has the one-sided bounds of 95 % as its ends
    exact = binomtest(successes, trials).proportion_ci(0.9, "exact")
    assert bounds.share == successes / trials
    assert bounds.low == pytest.approx(exact.low, abs=1e-9)
    assert bounds.high == pytest.approx(exact.high, abs=1e-9)


@given(st.integers(0, 40), st.floats(0.5, 0.9999))
def test_the_trials_needed_are_the_fewest_that_certify(failures, share):
    needed = trials_needed(failures=failures, share=share)
    assert binomial_bounds(successes=needed - failures, trials=needed).low >= share - 1e-9
    if needed > failures + 1:
        assert binomial_bounds(successes=needed - 1 - failures, trials=needed - 1).low < share + 1e-9


def test_each_bound_holds_in_95_of_100_canaries_and_more():
    drawn = np.random.default_rng(7).binomial(800, 0.997, size=4_000)
    bounds = {int(each): binomial_bounds(successes=int(each), trials=800) for each in set(drawn.tolist())}
    assert np.mean([bounds[int(each)].low <= 0.997 for each in drawn]) >= 0.95
    assert np.mean([bounds[int(each)].high >= 0.997 for each in drawn]) >= 0.95


def test_nothing_is_said_of_no_trials():
    assert binomial_bounds(successes=0, trials=0) is None


def test_where_everything_failed_the_low_bound_is_nothing():
    assert binomial_bounds(successes=0, trials=3).low == 0.0
    assert binomial_bounds(successes=0, trials=3).high == pytest.approx(1 - 0.05 ** (1 / 3))

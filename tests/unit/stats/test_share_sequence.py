import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln

from sluiceway.stats.binomial_bounds import binomial_bounds
from sluiceway.stats.share_sequence import is_excluded, share_sequence


@settings(deadline=None)
@given(st.integers(1, 5_000), st.data())
def test_bounds_are_where_the_mixture_explains_twenty_times_better(trials, data):
    successes = data.draw(st.integers(0, trials))
    found = share_sequence(successes=successes, trials=trials)
    failures = trials - successes
    assert 0 <= found.low <= found.share <= found.high <= 1
    for bound in (found.low, found.high):
        if 0 < bound < 1:
            mixed = betaln(successes + 0.5, failures + 0.5) - betaln(0.5, 0.5)
            alone = successes * np.log(bound) + failures * np.log1p(-bound)
            assert mixed - alone == pytest.approx(np.log(20), abs=1e-5)


@settings(deadline=None)
@given(st.integers(1, 3_000), st.floats(0.01, 0.999), st.data())
def test_a_share_is_excluded_where_it_lies_outside_the_bounds(trials, share, data):
    successes = data.draw(st.integers(0, trials))
    found = share_sequence(successes=successes, trials=trials)
    if min(abs(share - found.low), abs(share - found.high)) > 1e-9:
        outside = not found.low < share < found.high
        assert is_excluded(share, successes=successes, trials=trials, doubt=0.05) == outside


@settings(deadline=None)
@given(st.integers(1, 5_000), st.data())
def test_bounds_that_hold_at_every_look_are_wider_than_those_of_one(trials, data):
    successes = data.draw(st.integers(0, trials))
    always, once = (
        share_sequence(successes=successes, trials=trials),
        binomial_bounds(successes=successes, trials=trials),
    )
    assert always.low <= once.low + 1e-12
    assert always.high >= once.high - 1e-12


@settings(deadline=None)
@given(st.integers(1, 2_000), st.data())
def test_failures_are_successes_seen_from_the_other_side(trials, data):
    successes = data.draw(st.integers(0, trials))
    one = share_sequence(successes=successes, trials=trials)
    other = share_sequence(successes=trials - successes, trials=trials)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-12)


def test_nothing_is_said_of_no_trials():
    assert share_sequence(successes=0, trials=0) is None


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_no_look_crosses_a_bound_in_95_of_100_sequences_and_more(share):
    looks, drawn = 2_000, np.random.default_rng(11)
    trials = np.arange(1, looks + 1)
    low, high = _inside(share, trials)
    crossed = 0
    for _ in range(1_000):
        seen = np.cumsum(drawn.random(looks) < share)
        crossed += bool(((seen < low) | (seen > high)).any())
    assert crossed / 1_000 <= 0.05


def _inside(share, trials):
    """The fewest and the most successes of each number of trials that do not exclude a share."""
    low, high, fewest, most = [], [], 0, 0
    for count in trials.tolist():
        while fewest < count * share and is_excluded(share, successes=fewest, trials=count, doubt=0.05):
            fewest += 1
        while most < count and not (
            most + 1 > count * share and is_excluded(share, successes=most + 1, trials=count, doubt=0.05)
        ):
            most += 1
        low.append(fewest)
        high.append(most)
    return np.array(low), np.array(high)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from sluiceway.stats.sample_ratio import sample_ratio_p_value


def test_a_share_that_is_kept_is_no_surprise():
    assert sample_ratio_p_value(entities=4_000, chosen=200, share=0.05) > 0.9


def test_twice_the_share_is():
    assert sample_ratio_p_value(entities=4_000, chosen=400, share=0.05) < 1e-10


@given(st.integers(1, 300), st.floats(0.01, 0.99), st.data())
def test_the_p_value_is_twice_the_smaller_exact_tail(entities, share, data):
    chosen = data.draw(st.integers(0, entities))
    tails = binom.cdf(chosen, entities, share), binom.sf(chosen - 1, entities, share)
    expected = min(2 * min(tails), 1.0)
    assert sample_ratio_p_value(entities=entities, chosen=chosen, share=share) == pytest.approx(expected, abs=1e-9)


def test_an_honest_split_is_accused_once_in_a_thousand_at_most():
    drawn = np.random.default_rng(5).binomial(900, 0.25, size=20_000)
    values = {int(each): sample_ratio_p_value(entities=900, chosen=int(each), share=0.25) for each in set(drawn)}
    assert np.mean([values[int(each)] < 0.001 for each in drawn]) <= 0.001


@pytest.mark.parametrize(("chosen", "expected"), [(10, 1.0), (9, 0.0)])
def test_a_share_of_all_leaves_nobody_out(chosen, expected):
    assert sample_ratio_p_value(entities=10, chosen=chosen, share=1.0) == expected


def test_nothing_is_said_of_nobody():
    assert sample_ratio_p_value(entities=0, chosen=0, share=0.5) is None

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from sluiceway.stats.jensen_shannon import jensen_shannon_distance

histograms = st.integers(1, 12).flatmap(
    lambda bins: st.tuples(*(st.lists(st.integers(0, 1000), min_size=bins, max_size=bins) for _ in range(3)))
)


@given(histograms)
def test_it_is_scipys_distance_base_two(drawn):
    then, now, _ = (np.array(each) for each in drawn)
    found = jensen_shannon_distance(then, now)
    if then.sum() and now.sum():
        assert 0 <= found <= 1
        assert found == pytest.approx(jensenshannon(then, now, base=2), abs=1e-7)
    else:
        assert np.isnan(found)


@given(histograms)
def test_it_is_symmetric_and_keeps_the_triangle(drawn):
    first, second, third = (np.array(each) for each in drawn)
    if min(first.sum(), second.sum(), third.sum()):
        assert jensen_shannon_distance(first, second) == pytest.approx(jensen_shannon_distance(second, first))
        around = jensen_shannon_distance(first, third) + jensen_shannon_distance(third, second)
        assert jensen_shannon_distance(first, second) <= around + 1e-9


def test_shares_matter_and_sizes_do_not():
    assert jensen_shannon_distance(np.array([1, 3]), np.array([100, 300])) == pytest.approx(0, abs=1e-8)


def test_nothing_in_common_is_one():
    assert jensen_shannon_distance(np.array([5, 0, 0]), np.array([0, 2, 9])) == 1.0


def test_a_fair_coin_and_one_that_always_falls_heads():
    # Lin (1991), equation 3.1: H(3/4) - H(1/2) / 2 = 0.811278 - 0.5 bits, and the distance is its root.
    assert jensen_shannon_distance(np.array([100, 0]), np.array([50, 50])) == pytest.approx(0.311278**0.5, abs=1e-6)

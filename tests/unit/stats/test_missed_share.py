"""What a sample without damage could have missed, against the hypergeometric distribution itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from sluiceway.stats.missed_share import missed_share


@given(st.integers(1, 3000), st.data())
@settings(deadline=None)
def test_the_bound_is_the_last_number_that_is_not_too_unlikely_to_be_missed(of, data):
    drawn = data.draw(st.integers(0, of))
    damaged = round(missed_share(drawn=drawn, of=of) * of)
    assert hypergeom.pmf(0, of, damaged, drawn) > 0.05 - 1e-9
    if damaged < of:
        assert hypergeom.pmf(0, of, damaged + 1, drawn) <= 0.05 + 1e-9


def test_for_large_sets_it_comes_near_the_rule_of_three():
    assert missed_share(drawn=300, of=10**9) == pytest.approx(3 / 300, rel=0.01)


def test_who_draws_nothing_can_miss_everything_and_who_draws_all_nothing():
    assert missed_share(drawn=0, of=50) == 1.0
    assert missed_share(drawn=50, of=50) == 0.0
    assert missed_share(drawn=0, of=0) == 0.0


@pytest.mark.parametrize(("drawn", "of"), [(5, 4), (-1, 4), (1, -1)])
def test_more_than_there_is_cannot_be_drawn(drawn, of):
    with pytest.raises(ValueError, match="cannot be drawn"):
        missed_share(drawn=drawn, of=of)

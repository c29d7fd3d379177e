from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from sluiceway.stats.multiple_testing import benjamini_hochberg


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_agrees_with_scipy(values):
    assert benjamini_hochberg(values) == pytest.approx(list(false_discovery_control(values)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_never_lowers_a_p_value_nor_changes_their_order(values):
    adjusted = benjamini_hochberg(values)
    assert all(now >= then - 1e-12 for then, now in zip(values, adjusted, strict=True))
    assert list(np.array(adjusted)[np.argsort(values)]) == sorted(adjusted)


def test_untested_columns_pass_through_and_do_not_count():
    adjusted = benjamini_hochberg([0.01, None, nan, 0.04])
    assert adjusted[0] == pytest.approx(0.02)
    assert adjusted[1] is None
    assert isnan(adjusted[2])
    assert benjamini_hochberg([]) == []
    assert benjamini_hochberg([None]) == [None]


def test_textbook_numbers_of_the_1995_paper():
    """The fifteen p-values of Benjamini and Hochberg's table 1: four are rejected at 0.05."""
    raw = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    raw += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert sum(value <= 0.05 for value in benjamini_hochberg(raw)) == 4

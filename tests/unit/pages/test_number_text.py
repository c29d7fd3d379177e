from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.pages.number_text import number_text, percent


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_share_that_is_neither_nothing_nor_all_never_reads_so(part, more):
    text = percent(part / (part + more)).split()[0]
    assert text not in {"0", "100"}


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0"), (1.0, "100"), (2.5, "250"), (0.157, "15.7"), (0.99999, "99.999")]
)
def test_shares_are_written_as_percentages(share, text):
    assert percent(share).split() == [text, "%"]


@pytest.mark.parametrize(
    ("value", "text"), [(336776, "336,776"), (0.000012345, "1.234e-05"), (True, "True"), (inf, "inf"), (-2.0, "-2")]
)
def test_numbers_are_written_for_people(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize("nothing", [None, nan])
def test_nothing_is_a_dash(nothing):
    assert number_text(nothing) == percent(nothing) == "\N{EN DASH}"

"""The share test against published numbers, against scipy, and against itself."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.stats.share_test import share_test

SHARES = st.integers(1, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows)))


def test_the_lady_tasting_tea():
    # Fisher, "The Design of Experiments" (1935): three of four cups told right is as likely as 34 in 70, two-sided.
    assert share_test(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert share_test(4, 4, 0, 4) == pytest.approx(2 / 70)


def test_a_large_table_is_pearsons():
    # Agresti, "Categorical Data Analysis" (2002), table 3.1: aspirin and myocardial infarction, X2 = 25.01, 1 df.
    assert share_test(189, 11_034, 104, 11_037) == pytest.approx(5.7e-7, rel=0.02)


@given(SHARES, SHARES)
@settings(max_examples=80, deadline=None)
def test_it_agrees_with_scipy(then, now):
    from scipy.stats import chi2_contingency, fisher_exact

    table = [[then[0], then[1] - then[0]], [now[0], now[1] - now[0]]]
    total, counted = then[1] + now[1], then[0] + now[0]
    if counted in {0, total}:
        assert share_test(*then, *now) == 1.0
    elif min(then[1], now[1]) * min(counted, total - counted) / total >= 5:
        assert share_test(*then, *now) == pytest.approx(chi2_contingency(table, correction=False).pvalue, rel=1e-9)
    else:
        assert share_test(*then, *now) == pytest.approx(fisher_exact(table).pvalue, rel=1e-6)


@given(SHARES, SHARES)
@settings(deadline=None)
def test_the_two_sides_can_be_exchanged_and_so_can_what_is_counted(then, now):
    p_value = share_test(*then, *now)
    assert share_test(*now, *then) == pytest.approx(p_value, rel=1e-9)
    others = (then[1] - then[0], then[1], now[1] - now[0], now[1])
    assert share_test(*others) == pytest.approx(p_value, rel=1e-9)


def test_without_rows_nothing_is_said():
    assert math.isnan(share_test(0, 0, 1, 2))


def test_millions_of_rows_do_not_overflow():
    assert share_test(10**12, 2 * 10**12, 10**12, 2 * 10**12) == 1.0
    assert share_test(10**9, 3 * 10**9, 2 * 10**9, 3 * 10**9) == 0.0

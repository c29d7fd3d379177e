import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from sluiceway.stats.chi_square import chi_square_test

counts = st.lists(st.tuples(st.integers(30, 900), st.integers(30, 900)), min_size=2, max_size=8)


@settings(max_examples=100, deadline=None)
@given(counts)
def test_agrees_with_scipy_where_no_category_is_rare(pairs):
    table = np.array(pairs).T
    expected = chi2_contingency(table, correction=False)
    if expected.expected_freq.min() < 5:
        return
    ours = chi_square_test(table[0], table[1])
    assert ours.statistic == pytest.approx(expected.statistic, abs=1e-9)
    assert ours.p_value == pytest.approx(expected.pvalue, abs=1e-12)
    assert ours.degrees_of_freedom == expected.dof
    assert ours.cramers_v == pytest.approx(np.sqrt(expected.statistic / table.sum()), abs=1e-9)


@given(counts, st.randoms())
def test_order_of_the_categories_is_of_no_account(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    first, second = (chi_square_test(*np.array(each).T) for each in (pairs, shuffled))
    assert first.statistic == pytest.approx(second.statistic, abs=1e-9)


def test_rare_categories_are_pooled_as_one():
    then = np.array([500, 400, 3, 2, 1, 4, 4])
    now = np.array([480, 420, 2, 4, 3, 1, 5])
    by_hand = chi2_contingency(np.array([[500, 400, 14], [480, 420, 15]]), correction=False)
    ours = chi_square_test(then, now)
    assert (ours.pooled, ours.degrees_of_freedom) == (5, 2)
    assert ours.statistic == pytest.approx(by_hand.statistic)


def test_an_other_that_is_still_rare_takes_in_the_smallest_category():
    ours = chi_square_test(np.array([500, 50, 1]), np.array([500, 40, 0]))
    by_hand = chi2_contingency(np.array([[500, 51], [500, 40]]), correction=False)
    assert (ours.pooled, ours.degrees_of_freedom) == (2, 1)
    assert ours.statistic == pytest.approx(by_hand.statistic)


def test_both_samples_count_as_samples():
    """From one population, p-values are uniform; against the reference's shares they would not be."""
    rng = np.random.default_rng(3)
    drawn = [rng.multinomial(400, [0.5, 0.3, 0.2], size=2) for _ in range(600)]
    below = np.mean([chi_square_test(then, now).p_value < 0.1 for then, now in drawn])
    assert 0.07 < below < 0.13


def test_no_rows_give_nan_and_one_category_shows_nothing():
    assert np.isnan(chi_square_test(np.array([0, 0]), np.array([3, 4])).p_value)
    alone = chi_square_test(np.array([100]), np.array([90]))
    assert (alone.p_value, alone.cramers_v, alone.degrees_of_freedom) == (1.0, 0.0, 0)


def test_samples_with_nothing_in_common_have_effect_one():
    assert chi_square_test(np.array([100, 0]), np.array([0, 100])).cramers_v == pytest.approx(1.0)


def test_party_and_gender_of_american_voters():
    # Agresti, "An Introduction to Categorical Data Analysis" (2007), table 2.5: X2 = 30.1, 2 degrees of freedom.
    found = chi_square_test(np.array([762, 327, 468]), np.array([484, 239, 477]))
    assert found.statistic == pytest.approx(30.07, abs=0.01)
    assert (found.degrees_of_freedom, found.rows) == (2, 2757)
    assert found.cramers_v == pytest.approx((30.07 / 2757) ** 0.5, abs=1e-4)


def test_the_resolution_is_the_smallest_effect_that_is_significant():
    # Critical value of chi-square at 0.01: 9.210 with 2 degrees of freedom.
    found = chi_square_test(np.array([762, 327, 468]), np.array([484, 239, 477]))
    assert found.resolution == pytest.approx((9.210 / 2757) ** 0.5, abs=1e-5)
    assert np.isnan(chi_square_test(np.array([100]), np.array([90])).resolution)

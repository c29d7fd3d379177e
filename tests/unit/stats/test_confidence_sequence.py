import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.stats.confidence_sequence import (
    MINIMUM_ROWS,
    MeanBounds,
    confidence_sequence,
    difference_of_means,
)

LOOKS = (100, 130, 170, 220, 300, 400, 550, 750, 1_000, 1_400, 2_000, 3_000)


def ever_wrong(draws, mean, bounds_of=confidence_sequence):
    """How often some look of many finds the low bound above the mean, and how often the high one below it."""
    low, high = 0, 0
    for values in draws:
        looks = [bounds_of(values[:rows]) for rows in LOOKS]
        low += any(look.low > mean for look in looks)
        high += any(look.high < mean for look in looks)
    return low / len(draws), high / len(draws)


def test_no_look_is_wrong_in_more_than_5_of_100_canaries():
    draws = np.random.default_rng(11).normal(0.3, 2.0, size=(1_500, LOOKS[-1]))
    low, high = ever_wrong(draws, 0.3)
    assert low <= 0.05
    assert high <= 0.05


def test_skewed_differences_such_as_those_of_log_losses_are_bounded_too():
    draws = np.random.default_rng(12).exponential(size=(1_000, LOOKS[-1]))
    low, high = ever_wrong(draws, 1.0)
    assert low <= 0.05
    assert high <= 0.06  # the approximation is at its worst here: a hundred rows with a long tail


def test_an_interval_for_one_look_would_be_wrong_far_more_often():
    def one_look(values):
        width = 1.645 * values.std() / np.sqrt(values.size)
        return MeanBounds(values.mean(), values.mean() - width, values.mean() + width)

    draws = np.random.default_rng(13).normal(size=(500, LOOKS[-1]))
    assert min(ever_wrong(draws, 0.0, one_look)) > 0.1


def test_the_bounds_close_in_on_the_mean():
    values = np.random.default_rng(14).normal(5.0, 1.0, size=20_000)
    widths = [confidence_sequence(values[:rows]) for rows in (200, 2_000, 20_000)]
    assert [each.high - each.low for each in widths] == sorted([each.high - each.low for each in widths], reverse=True)
    assert widths[-1].low > 4.95


def test_nothing_is_bounded_by_too_few_rows():
    assert confidence_sequence(np.array([])) == MeanBounds(None, None, None)
    assert confidence_sequence(np.ones(MINIMUM_ROWS - 1)) == MeanBounds(1.0, None, None)


def test_two_equal_models_differ_by_exactly_nothing():
    assert confidence_sequence(np.zeros(500)) == MeanBounds(0.0, 0.0, 0.0)


def test_a_nan_bounds_nothing():
    bounds = confidence_sequence(np.append(np.zeros(500), np.nan))
    assert all(np.isnan(each) for each in (bounds.mean, bounds.low, bounds.high))


@given(st.floats(-100, 100), st.floats(0.01, 100), st.integers(0, 2**32 - 1))
def test_the_bounds_follow_the_values_scale_and_place(shift, scale, seed):
    values = np.random.default_rng(seed).normal(size=150)
    here, there = confidence_sequence(values), confidence_sequence(shift + scale * values)
    assert there.low == pytest.approx(shift + scale * here.low, abs=1e-6)
    assert there.high == pytest.approx(shift + scale * here.high, abs=1e-6)


def test_a_difference_of_two_groups_is_bounded_at_every_look():
    draw = np.random.default_rng(15)
    ours, theirs = draw.normal(1.0, 1.0, (400, LOOKS[-1])), draw.normal(0.6, 2.0, (400, LOOKS[-1]))
    wrong = 0
    for one, other in zip(ours, theirs, strict=True):
        looks = [difference_of_means(one[:rows], other[: rows * 2 // 3 + 100]) for rows in LOOKS]
        wrong += any(not look.low <= 0.4 <= look.high for look in looks)
    assert wrong / 400 <= 0.1  # both bounds together


def test_a_difference_with_an_empty_group_is_not_known():
    assert difference_of_means(np.ones(300), np.array([])) == MeanBounds(None, None, None)

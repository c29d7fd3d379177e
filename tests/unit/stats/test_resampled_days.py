import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.stats.resampled_days import relative_change, resampled_totals


def rate(totals):
    with np.errstate(divide="ignore", invalid="ignore"):
        return totals[:, 0] / totals[:, 1]


def days(mean, count, rng, *, spread=0.0, rows=200):
    """Failures and rows of some days whose own rates vary around a mean."""
    rates = np.clip(rng.normal(mean, spread, count), 0.001, 0.999)
    return np.stack([rng.binomial(rows, rates), np.full(count, rows)], axis=1).astype(float)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_each_drawing_takes_just_so_many_whole_days(count, draw, seed):
    unit = np.stack([np.ones(count), np.arange(count)], axis=1)
    totals = resampled_totals(unit, draw=draw, times=50, seed=seed)
    assert totals.shape == (50, 2)
    assert (totals[:, 0] == draw).all()
    assert ((totals[:, 1] >= 0) & (totals[:, 1] <= draw * (count - 1))).all()


def test_the_same_seed_draws_the_same():
    some = np.arange(12.0).reshape(6, 2)
    assert (resampled_totals(some, seed=3) == resampled_totals(some, seed=3)).all()
    assert (resampled_totals(some, seed=3) != resampled_totals(some, seed=4)).any()


def test_drawn_totals_vary_as_much_as_the_mean_of_days_does():
    rng = np.random.default_rng(1)
    some = days(0.3, 60, rng, spread=0.08)
    drawn = rate(resampled_totals(some, times=4000))
    expected = (some[:, 0] / some[:, 1]).std() / np.sqrt(60)
    assert drawn.std() == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("count", [30, 14, 5, 1])
def test_the_bound_excludes_an_unchanged_score_only_about_once_in_twenty(count):
    rng = np.random.default_rng(count)
    wrong = 0
    for seed in range(300):
        then, now = days(0.3, 60, rng, spread=0.1), days(0.3, count, rng, spread=0.1)
        wrong += relative_change(now, then, rate, seed=seed).low > 0
    assert wrong / 300 <= 0.11


def test_whole_days_give_wider_bounds_than_rows_would():
    rng = np.random.default_rng(2)
    alike, apart = days(0.3, 60, rng), days(0.3, 60, rng, spread=0.1)
    narrow, wide = (relative_change(each, each, rate) for each in (alike, apart))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_a_real_rise_is_bounded_away_from_nothing():
    rng = np.random.default_rng(3)
    found = relative_change(days(0.45, 30, rng, spread=0.05), days(0.3, 60, rng, spread=0.05), rate)
    assert found.low > 0.3
    assert found.low < found.change < found.high


def test_one_day_is_judged_by_how_far_single_days_stray():
    rng = np.random.default_rng(4)
    then = days(0.3, 60, rng, spread=0.1)
    lone = relative_change(days(0.4, 1, rng), then, rate)
    assert lone.low < 0 < lone.change
    assert relative_change(days(0.9, 1, rng), then, rate).low > 0.5


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (np.empty((0, 2)), np.ones((9, 2))),
        (np.ones((9, 2)), np.empty((0, 2))),
        (np.ones((9, 2)), np.zeros((9, 2))),
        (np.zeros((9, 2)), np.ones((9, 2))),
    ],
)
def test_without_a_score_on_either_side_nothing_is_said(now, then):
    found = relative_change(now, then, rate)
    assert np.isnan([found.change, found.low, found.high]).all()


def test_a_drawing_without_a_score_leaves_the_bounds_open():
    now = np.array([[1.0, 2.0], *[[0.0, 0.0]] * 7])
    found = relative_change(now, np.tile([[1.0, 4.0]], (20, 1)), rate)
    assert found.change == pytest.approx(1.0)
    assert np.isnan([found.low, found.high]).all()

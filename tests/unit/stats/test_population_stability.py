import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.stats.population_stability import CategoryBins, QuantileBins, population_stability

counts = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=12)


def stability(then, now):
    bins = QuantileBins.of(then)
    return population_stability(bins.count(then), bins.count(now))


@pytest.mark.parametrize(("shift", "expected"), [(0.0, 0.0), (0.45, 0.2), (1.8, 2.7)])
def test_shift_of_a_normal_gives_the_known_index(shift, expected):
    rng = np.random.default_rng(1)
    then, now = rng.normal(size=200_000), rng.normal(shift, size=200_000)
    assert stability(then, now).index == pytest.approx(expected, rel=0.07, abs=0.001)


@given(counts)
def test_index_is_symmetric_and_never_negative(pairs):
    then, now = np.array(pairs).T
    first, second = population_stability(then, now), population_stability(now, then)
    if then.sum() and now.sum():
        assert first.index >= 0
        assert first.index == pytest.approx(second.index)
    else:
        assert np.isnan(first.index)


def test_noise_stays_below_its_floor_99_times_in_100():
    rng = np.random.default_rng(2)
    drawn = [stability(rng.normal(size=1500), rng.normal(size=900)) for _ in range(1000)]
    assert 0.002 <= np.mean([each.index > each.noise_floor for each in drawn]) <= 0.02


def test_a_constant_column_is_seen_to_rise_and_to_fall():
    then = np.full(500, 3.0)
    assert stability(then, np.full(500, 2.9)).exceeds(0.2)
    assert stability(then, np.full(500, 3.1)).exceeds(0.2)
    assert stability(then, then).index == 0.0


def test_missing_values_have_their_own_bin():
    then = np.arange(1000.0)
    now = np.where(np.arange(1000) % 2, np.nan, then)
    bins = QuantileBins.of(then)
    assert bins.count(now)[-1] == 500
    assert len(bins.count(now)) == 11
    assert stability(then, now).exceeds(0.2)


def test_values_beyond_the_reference_fall_into_the_open_outer_bins():
    bins = QuantileBins.of(np.arange(100.0))
    assert bins.count(np.array([-1e9, 1e9])).tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]


def test_a_reference_without_values_has_one_bin_and_the_missing():
    assert QuantileBins.of(np.array([np.nan])).count(np.array([1.0, np.nan])).tolist() == [1, 1]


def test_categories_have_bins_for_unseen_and_missing():
    bins = CategoryBins.of(["b", "a", None, "a"])
    assert bins.categories == ("a", "b")
    assert bins.count(["a", "new", None, "b", "a"]).tolist() == [2, 1, 1, 1]


def test_few_rows_are_inconclusive_however_far_they_moved():
    few = stability(np.zeros(199), np.ones(5000))
    assert few.index > 2
    assert not few.is_conclusive
    assert not few.exceeds(0.2)


def test_infinite_values_fall_into_the_outer_bins_and_move_no_edge():
    finite = np.arange(1000.0)
    bins = QuantileBins.of(np.append(finite, [np.inf, -np.inf]))
    assert bins == QuantileBins.of(finite)
    assert bins.count(np.array([np.inf, -np.inf]))[[0, -2]].tolist() == [1, 1]

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.stats.ks_test import ks_test
from sluiceway.stats.population_stability import QuantileBins, population_stability
from sluiceway.stats.reference_profile import CategoryProfile, NumberProfile

numbers = st.lists(st.one_of(st.floats(-1e6, 1e6, width=32), st.just(float("nan")), st.integers(-3, 3)), max_size=60)
rows = st.dictionaries(
    st.one_of(st.none(), st.just(""), st.text("abcdefgh", min_size=1, max_size=2)), st.integers(1, 300), max_size=20
)


@given(numbers, numbers)
@settings(deadline=None)
def test_a_number_is_compared_as_without_a_profile(then, now):
    then, now = (np.array(each, dtype=np.float32) for each in (then, now))
    found = NumberProfile.of(then).compare(now)
    bins = QuantileBins.of(then.astype(float))
    plain = population_stability(bins.count(then.astype(float)), bins.count(now.astype(float)))
    tested = ks_test(then, now)
    assert found.counts.tolist() == bins.count(now.astype(float)).tolist()
    assert found.stability.index == pytest.approx(plain.index, nan_ok=True)
    assert found.effect == pytest.approx(tested.statistic, nan_ok=True)
    assert found.p_value == pytest.approx(tested.p_value, nan_ok=True)


@given(numbers, numbers)
@settings(deadline=None)
def test_bins_are_told_row_by_row_as_they_are_counted(then, now):
    profile = NumberProfile.of(np.array(then, dtype=np.float32))
    values = np.array(now, dtype=np.float32)
    placed = np.bincount(profile.places(values), minlength=profile.counts.size)
    assert placed.tolist() == profile.compare(values).counts.tolist()


def test_of_many_values_the_distance_is_exact_to_a_thousandth_and_never_too_large():
    rng = np.random.default_rng(1)
    then, now = rng.normal(size=50_000), rng.normal(0.2, 1.1, size=30_000)
    found, exact = NumberProfile.of(then).compare(now), ks_test(then, now)
    assert exact.statistic - 0.001 <= found.effect <= exact.statistic


def test_a_common_value_that_leaves_is_seen():
    then = np.where(np.arange(1000) % 2, 0.0, np.arange(1000.0))
    now = np.where(np.arange(1000) % 2, 0.25, np.arange(1000.0))
    found = NumberProfile.of(then).compare(now)
    assert found.stability.index > 1
    assert found.effect == pytest.approx(0.5, abs=0.01)


def test_missing_values_have_their_own_bin():
    then = np.arange(1000.0)
    now = np.where(np.arange(1000) % 4 == 0, np.nan, then)
    found = NumberProfile.of(then).compare(now)
    assert found.missing == 0.25
    assert found.stability.index > 1
    assert found.effect == pytest.approx(0, abs=0.01)


def test_nothing_then_or_nothing_now_compares_to_nothing():
    for then, now in (([], [1.0]), ([1.0], []), ([], [])):
        found = NumberProfile.of(np.array(then)).compare(np.array(now))
        assert np.isnan([found.stability.index, found.effect, found.p_value]).all()
    assert np.isnan(NumberProfile.of(np.array([1.0])).compare(np.array([])).missing)


@given(st.lists(st.floats(-1000, 1000, width=32), min_size=1, max_size=60))
@settings(deadline=None)
def test_the_spread_is_that_of_the_quantiles(values):
    profile = NumberProfile.of(np.array([*values, np.nan, np.inf, -np.inf]))
    assert profile.spread == pytest.approx(np.quantile(np.array(values), [0.1, 0.5, 0.9]), rel=1e-5, abs=1e-4)
    assert profile.compare(np.array([*values, np.inf])).spread == profile.spread


@given(rows, rows)
@settings(deadline=None)
def test_every_row_of_a_text_is_in_one_bin(then, now):
    profile = CategoryProfile.of(then)
    assert profile.counts.sum() == sum(then.values())
    assert profile.counts[-1] == sum(count for name, count in then.items() if not name)
    assert len(profile.names) == profile.counts.size
    found = profile.compare(now)
    assert found.counts.sum() == sum(now.values())
    placed = np.bincount(profile.places(list(now)), weights=list(now.values()), minlength=profile.counts.size)
    assert placed.tolist() == found.counts.tolist()


def test_the_rare_are_pooled_and_what_was_never_seen_has_a_bin_of_its_own():
    then = {"UA": 500, "B6": 490, "once": 1, "twice": 2, None: 7}
    profile = CategoryProfile.of(then)
    assert (profile.categories, profile.counts.tolist()) == (("UA", "B6"), [500, 490, 3, 0, 7])
    assert profile.compare({"UA": 500, "B6": 490, "twice": 3, "": 7}).stability.index == 0
    assert profile.compare({"UA": 500, "B6": 490, "other": 3, "": 7}).counts.tolist() == [500, 490, 0, 3, 7]
    assert profile.compare({"UA": 350, "B6": 340, "renamed": 303, None: 7}).stability.index > 1


def test_where_many_were_seen_once_new_ones_are_no_drift():
    tail = {f"town {number}": 1 for number in range(40)}
    profile = CategoryProfile.of({"city": 960, **tail})
    assert profile.rare is None
    others = {f"village {number}": 1 for number in range(40)}
    assert profile.compare({"city": 960, **others}).stability.index == 0


@given(st.integers(0, 2**31), st.floats(0.0, 1.0))
@settings(deadline=None, max_examples=50)
def test_the_next_rows_of_the_same_world_do_not_drift(seed, tail):
    """Up to half of the rows are villages, of which some are ever new; the rest are three cities."""
    rng = np.random.default_rng(seed)

    def rows():
        villages, cities = rng.zipf(1.5, 2000) + 9, rng.integers(0, 3, 2000)
        return Counter(np.where(rng.random(2000) < tail / 2, villages, cities).astype(str).tolist())

    assert not CategoryProfile.of(rows()).compare(rows()).stability.exceeds(0.2)


def test_a_column_that_names_things_only_moves_by_what_is_missing():
    profile = CategoryProfile.of({f"customer {number}": 1 + number % 9 for number in range(400)})
    assert profile.categories == ()
    others = {f"customer {number}": 1 for number in range(9000, 9600)}
    assert profile.compare(others).stability.index == 0
    assert profile.compare({**others, None: 600}).stability.index > 1


def test_at_most_a_hundred_categories_are_told_apart():
    profile = CategoryProfile.of({f"{number:03d}": 1000 - number for number in range(150)})
    assert profile.categories == tuple(f"{number:03d}" for number in range(100))

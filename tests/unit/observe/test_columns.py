import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.observe.columns import _names, compare, in_words, places, profile_of
from sluiceway.stats.reference_profile import CategoryProfile, NumberProfile

texts = st.lists(st.sampled_from(["", "UA", "B6", "new", "rare"]), min_size=1, max_size=50)
numbers = st.lists(st.one_of(st.floats(-50, 50, width=32), st.just(float("nan"))), min_size=1, max_size=50)


@given(texts, texts)
@settings(deadline=None)
def test_texts_are_placed_as_they_are_counted(then, now):
    profile, values = profile_of(pl.Series(then)), pl.Series(now)
    counts = compare(profile, values).counts
    assert np.bincount(places(profile, values), minlength=counts.size).tolist() == counts.tolist()


@given(numbers, numbers)
@settings(deadline=None)
def test_numbers_are_placed_as_they_are_counted(then, now):
    profile, values = profile_of(pl.Series(then, dtype=pl.Float32)), pl.Series(now, dtype=pl.Float32)
    counts = compare(profile, values).counts
    assert np.bincount(places(profile, values), minlength=counts.size).tolist() == counts.tolist()


def test_a_number_that_only_names_something_is_compared_as_a_name():
    customers = pl.Series([float(number) for number in range(1000)], dtype=pl.Float32)
    profile = profile_of(customers, is_name=True)
    assert isinstance(profile, CategoryProfile)
    assert compare(profile, customers + 5000).stability.index == 0
    assert compare(profile, pl.Series([float("nan")] * 1000, dtype=pl.Float32)).missing == 1
    assert isinstance(profile_of(customers), NumberProfile)


def test_a_name_that_is_a_number_is_written_without_a_point():
    depots = pl.Series([1.0, 2.0, float("nan")] * 100, dtype=pl.Float32)
    assert profile_of(depots, is_name=True).names == ("1", "2", "(others)", "(unseen)", "(missing)")


def test_one_broken_number_does_not_rename_the_others():
    depots = pl.Series([1.0, 2.0, float("nan")] * 100, dtype=pl.Float32)
    profile = profile_of(depots, is_name=True)
    broken = compare(profile, pl.concat([depots, pl.Series([2.5], dtype=pl.Float32)]))
    assert broken.counts[:2].tolist() == [100, 100]
    assert broken.stability.index < 0.05


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20), st.floats(width=32))
@settings(deadline=None)
def test_a_number_has_the_same_name_whatever_stands_beside_it(many, other):
    alone = _names(pl.Series(many, dtype=pl.Float32)).to_list()
    assert _names(pl.Series([*many, other], dtype=pl.Float32)).to_list()[:-1] == alone


def words(values):
    profile = profile_of(pl.Series(values, dtype=pl.Float32))
    then, now = in_words(profile, compare(profile, pl.Series(values, dtype=pl.Float32)))
    assert then == now
    return then


def test_words_tell_the_middle_the_spread_and_what_is_missing():
    assert words(np.arange(101.0)) == "median 50 (80 % from 10 to 90)"
    assert (
        words(np.array([1500.0] * 3 + [np.nan]))
        == "median 1,500 (80 % from 1,500 to 1,500), 25\N{NO-BREAK SPACE}% missing"
    )
    assert words(np.array([np.nan])) == words(np.array([])) == "no values"
    assert words(np.array([np.inf, 2.0, 2.0])) == "median 2 (80 % from 2 to 2)"
    assert words(np.array([np.inf, -np.inf])) == "no values"


def test_words_name_the_categories_that_moved_most_on_both_sides():
    then, now = pl.Series(["UA"] * 60 + ["B6"] * 40), pl.Series(["UA"] * 10 + ["B6"] * 90)
    profile = profile_of(then)
    was, is_now = in_words(profile, compare(profile, now))
    assert was.startswith("UA 60\N{NO-BREAK SPACE}%, B6 40")
    assert is_now.startswith("UA 10\N{NO-BREAK SPACE}%, B6 90")

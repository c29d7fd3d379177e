import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.stats.change_point import change_point

series = st.lists(st.tuples(st.floats(-100, 100), st.integers(0, 50)), min_size=2, max_size=25)


def left_unexplained(values, weights, place):
    """The weighted sum of squares that two levels leave, the plain way."""
    left = 0.0
    for part in (slice(None, place), slice(place, None)):
        mean = np.average(values[part], weights=weights[part])
        left += float((weights[part] * (values[part] - mean) ** 2).sum())
    return left


@given(series)
def test_no_other_place_explains_more(drawn):
    values, weights = (np.array(each, dtype=float) for each in zip(*drawn, strict=True))
    found = change_point(values, weights)
    places = [p for p in range(1, values.size) if weights[:p].sum() and weights[p:].sum() and weights[p]]
    if not places:
        assert found is None
        return
    assert found.place in places
    least = min(left_unexplained(values, weights, place) for place in places)
    assert left_unexplained(values, weights, found.place) <= least + 1e-6 * max(least, 1.0)


@given(series)
def test_where_it_must_rise_no_other_rise_explains_more(drawn):
    values, weights = (np.array(each, dtype=float) for each in zip(*drawn, strict=True))
    found = change_point(values, weights, rising=True)
    places = [p for p in range(1, values.size) if weights[:p].sum() and weights[p:].sum() and weights[p]]
    means = {
        p: [np.average(values[part], weights=weights[part]) for part in (slice(None, p), slice(p, None))]
        for p in places
    }
    rises = [p for p in places if means[p][1] > means[p][0] + 1e-9]
    if found is None:
        assert rises == []
        return
    assert found.after > found.before
    least = min((left_unexplained(values, weights, place) for place in rises), default=np.inf)
    assert left_unexplained(values, weights, found.place) <= least + 1e-6 * max(least, 1.0)


@given(st.integers(1, 39), st.floats(1.5, 10), st.integers(0, 2**31))
def test_a_step_is_found_where_it_was_planted(place, height, seed):
    rng = np.random.default_rng(seed)
    values = rng.uniform(-0.05, 0.05, 40)
    values[place:] += height
    found = change_point(values, np.ones(40))
    assert found.place == place
    assert found.after - found.before == pytest.approx(height, abs=0.11)


def test_heavy_days_count_for_more():
    values = np.array([0.0, 0.0, 1.0, 1.0, 3.0, 3.0])
    assert change_point(values, np.ones(6)).place == 4
    assert change_point(values, np.array([100, 100, 100, 100, 1, 1])).place == 2


def test_a_change_lies_no_earlier_than_it_may():
    values = np.array([0.0, 5.0, 5.0, 4.0, 6.0, 6.0])
    assert change_point(values, np.ones(6)).place == 1
    assert change_point(values, np.ones(6), earliest=3).place == 4


def test_days_without_rows_may_have_no_value():
    found = change_point(np.array([1.0, np.nan, 1.0, 4.0, np.nan, 4.0]), np.array([2, 0, 2, 2, 0, 2]))
    assert (found.place, found.before, found.after) == (3, 1.0, 4.0)


@pytest.mark.parametrize("weights", [[], [3], [3, 0], [0, 3], [0, 0]])
def test_without_two_sides_there_is_no_change(weights):
    assert change_point(np.ones(len(weights)), np.array(weights)) is None

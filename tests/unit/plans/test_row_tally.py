"""Rows are told apart whatever their order, and however they are cut into batches."""

from collections import Counter

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.plans.row_tally import RowTally, SeenRows, without

ROWS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 2)), st.sampled_from(["a", "b", ""])), max_size=12)


def table(rows):
    return pa.table(
        {"n": pa.array([row[0] for row in rows], pa.int64()), "t": pa.array([row[1] for row in rows], "string")}
    )


def tally(*tables):
    made = RowTally()
    for each in tables:
        made.add(each)
    return made.text


def rows_of(found):
    return [tuple(row.values()) for row in found.to_pylist()]


@settings(deadline=None)
@given(ROWS, ROWS, st.integers(0, 12))
def test_two_tallies_are_equal_exactly_where_the_rows_are(one, other, cut):
    same = Counter(one) == Counter(other)
    assert (tally(table(one)) == tally(table(other[:cut]), table(other[cut:]))) == same


@settings(deadline=None)
@given(ROWS, ROWS)
def test_what_is_known_is_taken_away_as_often_as_it_is_known(rows, known):
    assert Counter(rows_of(without(table(rows), table(known)))) == Counter(rows) - Counter(known)


@settings(deadline=None)
@given(ROWS, st.integers(0, 12))
def test_a_row_that_came_before_does_not_come_again(rows, cut):
    seen = SeenRows()
    found = rows_of(seen.only_new(table(rows[:cut]))) + rows_of(seen.only_new(table(rows[cut:])))
    assert found == list(dict.fromkeys(rows))


def test_the_two_zeros_are_one_and_every_nan_is_one():
    one = pa.table({"x": [0.0, float("nan"), None]})
    assert tally(one) == tally(pa.table({"x": [None, -0.0, -float("nan")]}))

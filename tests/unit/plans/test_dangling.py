"""References between sources: keys of one column and of several, missing values, and types that only look alike."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.plans.dangling import dangling

NAN = float("nan")


def marks(frame, kinds, keys):
    broken, judged = dangling(kinds, keys)
    found = frame.select(broken=broken, judged=judged)
    return found["broken"].to_list(), found["judged"].to_list()


def test_a_missing_value_is_not_judged_and_a_missing_key_matches_nothing():
    frame, keys = pl.DataFrame({"dest": ["ATL", None, "ZZZ"]}), pl.DataFrame({"faa": ["ATL", None]})
    assert marks(frame, {"dest": "text"}, keys) == ([False, False, True], [True, False, True])


@pytest.mark.parametrize(
    ("values", "kind", "keys", "broken"),
    [
        ([1.0, 1.5, 2.0, NAN, None], "number", [1, 2], [False, True, False, False, False]),
        ([1, 3], "integer", [1.0, 2.0], [False, True]),
        (["1", "x"], "text", [1, 2], [False, True]),
    ],
)
def test_numbers_match_by_value_and_a_fraction_matches_no_whole_key(values, kind, keys, broken):
    assert marks(pl.DataFrame({"a": values}), {"a": kind}, pl.DataFrame({"k": keys}))[0] == broken


def test_a_key_of_two_columns_must_match_as_a_whole():
    frame = pl.DataFrame(
        {"origin": ["EWR", "EWR", "JFK", None, "JFK", "LGA"], "hour": [1, 2, 1, 1, None, 3]},
    )
    keys = pl.DataFrame({"place": ["EWR", "JFK", "LGA"], "at": [1, 2, None]})
    broken, judged = marks(frame, {"origin": "text", "hour": "integer"}, keys)
    assert broken == [False, True, True, False, False, True]
    assert judged == [True, True, True, False, False, True]


PAIRS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])), max_size=12)


@given(PAIRS, PAIRS)
@settings(deadline=None)
def test_it_agrees_with_sqls_match_simple(rows, keys):
    schema = {"x": pl.String, "y": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    other = pl.DataFrame(keys, schema=schema, orient="row")
    broken, judged = marks(frame, {"x": "text", "y": "integer"}, other)
    assert judged == [None not in row for row in rows]
    assert broken == [None not in row and row not in keys for row in rows]

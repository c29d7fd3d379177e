from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.observe.readings import kept_up, readings

TIME = pl.Datetime("us", "UTC")
NAME = "view:weather:known_through"


def a_log(*lines):
    """Rows of (moment, as of when, what the value read knew), microseconds."""
    at, as_of, through = zip(*lines, strict=True)
    columns = {"at": pl.Series(at), "as_of": pl.Series(as_of), NAME: pl.Series(through, dtype=pl.Int64)}
    return pl.DataFrame(columns).with_columns(pl.all().cast(TIME))


def behind(*lines):
    return readings(a_log(*lines), ["weather"])["behind:weather"].to_list()


def test_a_view_knows_as_much_as_the_newest_value_that_was_read_of_it_whoevers_it_was():
    assert behind((10, 10, 9), (20, 20, 3), (30, 30, 28)) == [1, 11, 2]


def test_what_was_not_read_is_told_and_knows_what_was_read_before():
    found = readings(a_log((10, 10, None), (20, 20, 15), (30, 30, None)), ["weather"])
    assert found["behind:weather"].to_list() == [None, 5, 15]
    assert found["read:weather"].to_list() == [False, True, False]


def test_rows_of_one_moment_share_what_is_newest_among_them():
    assert behind((10, 10, 2), (10, 10, 8), (10, 10, None)) == [2, 2, 2]


def test_with_a_pinned_present_a_view_is_behind_that_and_not_behind_the_clock():
    assert behind((1_000, 50, 40), (2_000, 50, 30)) == [10, 10]


def test_a_value_that_knows_more_than_the_moment_is_not_behind():
    assert behind((10, 10, 12)) == [0]


def test_a_view_that_the_log_does_not_have_was_not_read():
    found = readings(a_log((10, 10, 9)), ["other"])
    assert found.to_dicts() == [{"behind:other": None, "read:other": False}]
    assert readings(a_log((10, 10, 9)), []).width == 0


def test_a_service_that_keeps_up_is_behind_by_a_share_of_its_limit():
    found = kept_up(2, [("weather", timedelta(seconds=10)), ("other", None)], 0.2)
    assert found["behind:weather"].to_list() == [2_000_000] * 2
    assert found["behind:other"].to_list() == [0, 0]
    assert found["read:weather"].to_list() == [True, True]


@given(st.lists(st.tuples(st.integers(0, 50), st.none() | st.integers(0, 60)), min_size=1, max_size=30))
def test_it_is_what_counting_by_hand_gives(asked):
    asked = sorted(asked, key=lambda each: each[0])
    expected = []
    for at, _ in asked:
        known = [through for moment, through in asked if moment <= at and through is not None]
        expected.append(max(at - max(known), 0) if known else None)
    assert behind(*((at, at, through) for at, through in asked)) == expected


def test_moments_are_utc():
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    log = pl.DataFrame({"at": [moment], "as_of": [moment], NAME: [moment - timedelta(hours=1)]})
    assert readings(log.with_columns(pl.all().cast(TIME)), ["weather"])["behind:weather"].to_list() == [3_600_000_000]

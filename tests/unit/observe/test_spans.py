from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.observe.spans import MOST, days_of, is_early, rolling, spans

moments = st.datetimes(datetime(1999, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
windows = st.sampled_from(["month", "1d", "7d", "36h", "30d", "1h"])


@given(windows, moments, st.timedeltas(timedelta(seconds=1), timedelta(days=400)))
def test_stretches_follow_each_other_up_to_now(window, first, ahead):
    until = first + ahead
    found = spans(window, first, until)
    assert found[-1].ended == until
    assert all(before.ended == after.began for before, after in pairwise(found))
    assert [span.is_over for span in found[:-1]] == [True] * (len(found) - 1)
    assert len(found) <= MOST
    if len(found) < MOST:
        assert found[0].began <= first < found[0].ended


@given(windows, moments, moments)
def test_stretches_begin_on_the_same_moments_whatever_is_looked_at(window, first, other):
    until = max(first, other) + timedelta(days=3)
    early, late = (spans(window, min(first, other), until), spans(window, max(first, other), until))
    assert {span.began for span in late} <= {span.began for span in early} | {late[0].began}
    assert late[-1] == early[-1]


def test_months_are_calendar_months():
    found = spans("month", datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC))
    assert [(f"{span.began:%Y-%m-%d}", f"{span.ended:%Y-%m-%d}") for span in found] == [
        ("2023-12-01", "2024-01-01"),
        ("2024-01-01", "2024-02-01"),
        ("2024-02-01", "2024-03-01"),
    ]


def test_weeks_begin_on_mondays_and_a_month_that_goes_on_ends_now():
    weeks = spans("1w", datetime(2024, 7, 4, tzinfo=UTC), datetime(2024, 7, 20, tzinfo=UTC))
    assert {span.began.weekday() for span in weeks} == {0}
    (month,) = spans("month", datetime(2024, 7, 4, tzinfo=UTC), datetime(2024, 7, 20, 6, tzinfo=UTC))
    assert (month.ended, month.is_over) == (datetime(2024, 7, 20, 6, tzinfo=UTC), False)


@pytest.mark.parametrize(
    ("window", "began", "until", "early"),
    [
        ("month", "2024-07-01T00", "2024-07-01T07", True),
        ("month", "2024-07-01T00", "2024-07-07T23", True),
        ("month", "2024-07-01T00", "2024-07-08T00", False),
        ("month", "2024-07-28T05", "2024-08-01T00", True),
        ("month", "2024-07-20T05", "2024-08-01T00", False),
        ("7d", "2024-07-01T05", "2024-07-08T00", False),
        ("7d", "2024-07-02T05", "2024-07-08T00", True),
        ("30d", "2024-06-20T00", "2024-06-28T00", False),
        ("1d", "2024-07-01T05", "2024-07-02T00", False),
        ("1d", "2024-07-01T05", "2024-07-01T23", True),
        ("1h", "2024-07-01T05", "2024-07-01T06", False),
    ],
)
def test_a_stretch_is_early_until_seven_days_or_all_of_it_were_watched(window, began, until, early):
    first, now = (datetime.fromisoformat(f"{each}:00+00:00") for each in (began, until))
    assert is_early(spans(window, first, now)[-1], window, first=first) is early


@given(windows, moments, st.timedeltas(timedelta(seconds=1), timedelta(days=400)))
def test_a_whole_stretch_that_was_watched_from_its_beginning_is_never_early(window, first, ahead):
    found = spans(window, first, first + ahead)
    assert not any(is_early(span, window, first=first) for span in found[1:] if span.is_over)


def test_before_the_first_moment_there_is_nothing():
    now = datetime(2024, 7, 4, tzinfo=UTC)
    assert spans("month", now, now) == []


@pytest.mark.parametrize(("window", "days"), [("month", 30), ("1d", 1), ("36h", 2), ("1w", 7), ("10m", 1)])
def test_days_are_rounded_up(window, days):
    assert days_of(window) == days


@given(windows, moments, st.integers(1, 100))
def test_a_rolling_period_holds_so_many_complete_stretches_and_the_one_that_goes_on(window, until, complete):
    found = spans(window, rolling(window, complete, until), until)
    assert len(found) == complete + 1
    assert found[0].began == rolling(window, complete, until)

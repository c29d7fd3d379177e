"""Times are aware, in UTC, and written one way."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.core.moments import FixedClock, SystemClock, in_utc, iso, parse_moment

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
SAFE = {"min_value": datetime(1900, 1, 1), "max_value": datetime(2200, 1, 1)}


@given(st.datetimes(**SAFE, timezones=ZONES))
def test_a_moment_written_and_read_is_the_same_moment(moment):
    assert parse_moment(iso(moment)) == moment


@given(st.datetimes(**SAFE, timezones=ZONES))
def test_a_moment_in_utc_is_the_same_moment_at_offset_zero(moment):
    assert in_utc(moment) == moment
    assert in_utc(moment).utcoffset() == timedelta(0)


def test_a_naive_time_is_taken_to_be_utc():
    assert in_utc(datetime(2013, 1, 1)) == datetime(2013, 1, 1, tzinfo=UTC)


def test_microseconds_are_written_only_when_there_are_any():
    assert iso(datetime(2013, 11, 1)) == "2013-11-01T00:00:00Z"
    assert iso(datetime(2013, 11, 1, microsecond=5)) == "2013-11-01T00:00:00.000005Z"


@pytest.mark.parametrize("text", ["2013-11-01", "2013-11-01T00:00:00Z", "2013-11-01T02:00:00+02:00"])
def test_dates_and_offsets_are_read_as_utc(text):
    assert parse_moment(text) == datetime(2013, 11, 1, tzinfo=UTC)


def test_what_is_no_time_is_refused():
    with pytest.raises(ValueError, match="yesterday"):
        parse_moment("yesterday")


def test_a_fixed_clock_stands_still_in_utc():
    clock = FixedClock(datetime(2013, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == clock.now() == datetime(2013, 1, 1, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_the_system_clock_is_aware_and_does_not_run_backwards():
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second

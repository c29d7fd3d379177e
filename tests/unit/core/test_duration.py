"""Durations read as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.core.duration import LONGEST, UNITS, format_duration, parse_duration


@given(st.integers(1, 5_000), st.sampled_from(sorted(UNITS)))
def test_a_duration_written_and_read_is_as_long(number, unit):
    duration = parse_duration(f"{number}{unit}")
    assert duration.total_seconds() == number * UNITS[unit]
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), (" 5m ", 300), ("36h", 129_600), ("30d", 2_592_000), ("2w", 1_209_600)]
)
def test_each_unit_counts_its_seconds(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "h", "0m", "-5m", "1.5h", "5 minutes", "5M", "5m3s"])
def test_what_is_no_duration_is_refused_with_examples(text):
    with pytest.raises(ValueError, match=r"is not a duration; .* such as 90s, 5m"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["36526d", "3000000d", "99999999999w", "3155760001s", f"{'9' * 5_000}s"])
def test_what_is_longer_than_a_hundred_years_is_refused(text):
    with pytest.raises(ValueError, match="is longer than a hundred years"):
        parse_duration(text)


def test_a_hundred_years_are_the_longest_duration():
    assert parse_duration("36525d") == parse_duration("3155760000s") == LONGEST


def test_the_largest_unit_that_divides_is_written():
    assert format_duration(timedelta(days=14)) == "2w"
    assert format_duration(timedelta(seconds=90)) == "90s"

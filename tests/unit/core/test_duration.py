"""Durations read as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.core.duration import UNITS, format_duration, parse_duration


@given(st.integers(1, 10_000), st.sampled_from(sorted(UNITS)))
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


def test_the_largest_unit_that_divides_is_written():
    assert format_duration(timedelta(days=14)) == "2w"
    assert format_duration(timedelta(seconds=90)) == "90s"

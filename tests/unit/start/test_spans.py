from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.core.duration import parse_duration
from sluiceway.start.spans import outcome_delay, spacing, windows


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40_000)))
def test_windows_are_multiples_of_the_step_and_fit_into_the_data(span):
    every, over = windows(span)
    assert all(parse_duration(window) % parse_duration(every) == timedelta(0) for window in over)
    assert span < timedelta(hours=12) or parse_duration(over[-1]) < span


@given(st.timedeltas(min_value=timedelta(hours=1), max_value=timedelta(days=40_000)))
def test_the_outcome_is_known_long_before_the_data_ends(span):
    assert parse_duration(outcome_delay(span)[0]) <= span / 30


@pytest.mark.parametrize("rows", [1, 2, 569, 525_600, 525_601, 50_000_000])
def test_rows_are_set_apart(rows):
    assert int(spacing(rows).split()[0]) >= 1

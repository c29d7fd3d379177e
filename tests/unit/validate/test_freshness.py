"""A partition that is missing is found, wherever it lies, and blocks what is downstream."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.core.errors import DeclarationError
from sluiceway.core.verdict import NO_OVERRIDES, Outcome
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import fresh
from sluiceway.validate.freshness import measure_freshness
from sluiceway.validate.gate import gate
from sluiceway.validate.page import write_page
from sluiceway.validate.source_table import SourceTable

FIRST = datetime(2013, 1, 1, tzinfo=UTC)


def measured(moments, *, every=None, as_of=None, kind="time"):
    source = Source("s", files("s.csv"), expectations=[fresh(within="2d", partition="dt", every=every)])
    frame = pl.DataFrame({"dt": moments}, schema={"dt": pl.Datetime("us", "UTC")})
    [check] = measure_freshness(SourceTable(source, TableRef("s", "", 0, (Column("dt", kind),)), frame), as_of)
    return check


def days(*numbers):
    return [FIRST + timedelta(days=number) for number in numbers]


def test_all_days_that_are_there_are_counted_once_in_whatever_order():
    check = measured(days(2, 0, 1, 1, 0))
    assert (check.expected, check.missing, check.gaps) == (3, 0, ())
    assert check.newest == FIRST + timedelta(days=2)


def test_missing_days_are_counted_and_the_gaps_named():
    check = measured(days(0, 2, 6))
    assert (check.expected, check.missing) == (7, 4)
    assert check.gaps == ("2013-01-02", "2013-01-04 to 2013-01-06")


def test_hours_are_partitions_too():
    check = measured([FIRST, FIRST + timedelta(hours=3)], every="1h")
    assert (check.expected, check.missing) == (4, 2)
    assert check.gaps == ("2013-01-01T01:00:00Z to 2013-01-01T02:00:00Z",)


def test_a_missing_value_is_no_partition_and_none_at_all_is_no_evidence():
    assert measured([*days(0, 1), None]).expected == 2
    assert measured([None]).newest is None
    assert measured(days(0), kind="text").newest is None


def test_partitions_after_the_present_do_not_count():
    check = measured(days(0, 1, 5), as_of=FIRST + timedelta(days=2))
    assert (check.expected, check.missing, check.newest) == (2, 0, FIRST + timedelta(days=1))


@settings(deadline=None)
@given(st.sets(st.integers(0, 400), min_size=1), st.randoms())
def test_what_is_missing_is_what_a_set_says(numbers, chance):
    moments = days(*numbers)
    chance.shuffle(moments)
    check = measured(moments)
    assert check.missing == len(set(range(min(numbers), max(numbers) + 1)) - numbers)


def test_every_without_a_partition_is_refused():
    with pytest.raises(DeclarationError, match="say which column holds them, as partition="):
        fresh(within="2d", every="1h")
    with pytest.raises(DeclarationError, match=r"fresh\(every=\).*not a duration"):
        fresh(within="2d", partition="dt", every="daily")


def judged(world, moments, **how):
    frames = world.frames()
    frames["schedule"] = frames["schedule"].with_columns(
        pl.Series("dt", [moments[place % len(moments)] for place in range(frames["schedule"].height)])
    )
    report = world.run(frames, expectations=[fresh(within="2d", partition="dt", **how)], as_of=world.now)
    verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
    return report, verdict, {each.name: each for each in verdict.criteria if "partition" in each.name}


def test_gate_stops_when_a_partition_is_missing_and_names_it(world):
    start = world.now - timedelta(days=4)
    report, verdict, found = judged(world, [start, start + timedelta(days=1), start + timedelta(days=3)])
    assert not verdict.is_open
    missing = found["schedule: missing partitions of dt"]
    assert (missing.measured, missing.limit) == (1, 0)
    assert missing.detail == f"of 4: {(start + timedelta(days=2)).date()}"
    assert found["schedule: age of the newest partition of dt in seconds"].outcome.is_open
    key = write_page(report, verdict, world.promise(), objects=world.objects)
    assert str((start + timedelta(days=2)).date()) in world.objects.get(key).decode()


def test_gate_stops_when_the_newest_partition_is_too_old(world):
    _, verdict, found = judged(world, [world.now - timedelta(days=4), world.now - timedelta(days=3)])
    assert not verdict.is_open
    assert found["schedule: missing partitions of dt"].outcome.is_open
    assert found["schedule: age of the newest partition of dt in seconds"].measured == 3 * 86400


def test_gate_passes_whole_and_fresh_partitions(world):
    _, verdict, found = judged(world, [world.now - timedelta(days=number) for number in range(4)])
    assert verdict.is_open
    assert len(found) == 2


def test_gate_stops_when_no_partition_was_measured(world):
    _, verdict, found = judged(world, [None])
    assert not verdict.is_open
    assert {each.measured for each in found.values()} == {None}


def test_a_missing_partition_may_be_told_and_close_nothing(world):
    start = world.now - timedelta(days=4)
    _, verdict, found = judged(world, [start, start + timedelta(days=1), start + timedelta(days=3)], on_failure="warn")
    assert found["schedule: missing partitions of dt (warns)"].outcome is Outcome.WARNED
    assert verdict.is_open

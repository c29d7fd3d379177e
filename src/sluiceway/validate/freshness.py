"""Layer A: how new the newest row or partition of a source is, and which partitions are missing before it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl

from sluiceway.artifacts.dataset_version import KNOWN_TIME
from sluiceway.artifacts.validation_report import FreshnessCheck
from sluiceway.core.duration import parse_duration
from sluiceway.core.moments import in_utc, iso
from sluiceway.declare.expectation import Expectation
from sluiceway.validate.source_table import SourceTable

NAMED_AT_MOST = 5
MICROSECONDS = 1_000_000


def measure_freshness(table: SourceTable, as_of: datetime | None = None) -> list[FreshnessCheck]:
    """Find the newest known time, or partition, for each ``fresh`` expectation of a source.

    There is none where the source has no times, or no rows. Partitions that begin after ``as_of`` are left out.
    """
    wanted = [each for each in table.source.expectations if each.kind == "fresh" and each.text]
    return [_partitions(each, table, as_of) if each.column else _newest(each, table) for each in wanted]


def _newest(expectation: Expectation, table: SourceTable) -> FreshnessCheck:
    newest = None
    if KNOWN_TIME in table.kinds:
        newest = table.lazy.select(pl.col(KNOWN_TIME).max()).collect(engine="streaming").item()
    moment = in_utc(newest) if isinstance(newest, datetime) else None
    return FreshnessCheck(table.source.name, moment, _seconds(expectation.text), on_failure=expectation.on_failure)


def _partitions(expectation: Expectation, table: SourceTable, as_of: datetime | None) -> FreshnessCheck:
    name, every_s = expectation.column or "", _seconds(expectation.every)
    within_s, on_failure = _seconds(expectation.text), expectation.on_failure
    blank = FreshnessCheck(table.source.name, None, within_s, name, every_s, on_failure=on_failure)
    if table.kinds.get(name) != "time":
        return blank
    begun = table.lazy.select(pl.col(name).drop_nulls().unique()).collect(engine="streaming").to_series()
    begun = begun.filter(begun <= as_of) if as_of is not None else begun
    if begun.is_empty():
        return blank
    epoch = begun.dt.epoch("us").sort()
    first, every = int(epoch[0]), int(every_s * MICROSECONDS)
    places = ((epoch - first) // every).unique().sort()
    missing = int(places[-1]) + 1 - len(places)
    return replace(
        blank,
        newest=moment_of(int(epoch[-1])),
        expected=int(places[-1]) + 1,
        missing=missing,
        gaps=_gaps(places, first, every) if missing else (),
    )


def _gaps(places: pl.Series, first: int, every: int) -> tuple[str, ...]:
    """Name the first gaps, each by its first and last missing partition."""
    jumps = pl.DataFrame({"after": places[:-1], "before": places[1:]}).filter(pl.col("before") - pl.col("after") > 1)
    ends = [(after + 1, before - 1) for after, before in jumps.head(NAMED_AT_MOST).iter_rows()]
    return tuple(_span(moment_of(first + start * every), moment_of(first + end * every)) for start, end in ends)


def _span(start: datetime, end: datetime) -> str:
    return _written(start) if start == end else f"{_written(start)} to {_written(end)}"


def _written(moment: datetime) -> str:
    """Write a day as a day, anything else as a time."""
    return moment.date().isoformat() if moment == datetime(*moment.timetuple()[:3], tzinfo=UTC) else iso(moment)


def moment_of(microseconds: int) -> datetime:
    """Turn microseconds since 1970 into a time in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _seconds(text: str | None) -> float:
    return parse_duration(text or "").total_seconds()

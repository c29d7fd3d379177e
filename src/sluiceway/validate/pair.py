"""Pairs: the rows of a source now beside those of a reference, and when they are enough to compare."""

from dataclasses import dataclass

import polars as pl

from sluiceway.declare.expectation import ALL, NEW
from sluiceway.validate.sample import Sample
from sluiceway.validate.side import Side, new_rows
from sluiceway.validate.source_table import SourceTable

FEWEST_ROWS, FEWEST_NEW = 30, 8


@dataclass(slots=True)
class Pair:
    """Two sides, and what was last sorted or counted of them: comparisons come column by column."""

    now: Side
    then: Side
    is_same: bool
    _sorted: tuple[str, Sample, Sample] | None = None
    _counted: tuple[str, pl.DataFrame] | None = None

    @classmethod
    def of(cls, current: SourceTable, then: Side, rows: str) -> "Pair":
        """Choose the rows to compare: all, or those that the reference has not.

        By default, new ones where a source without times was added to, such as a folder that a batch of files came
        into: among all that was there before, a batch would hardly show. Too few by themselves, they count among all.
        """
        whole = Side.of(current)
        if rows == ALL or not then.tables or then.is_just(current) or not (rows == NEW or current.source.is_timeless):
            return cls(whole, then, then.is_just(current))
        fresh = new_rows(whole, then)
        if fresh is None or (rows != NEW and fresh.height < FEWEST_NEW):
            return cls(whole, then, is_same=False)
        return cls(fresh, then, is_same=False)

    def samples(self, name: str) -> tuple[Sample, Sample]:
        """Give a column's numbers now and then."""
        if self._sorted is None or self._sorted[0] != name:
            self._sorted = None  # what is held of the last column goes before the next one is read
            self._sorted = (name, Sample.of(self.now.column(name)), Sample.of(self.then.column(name)))
        return self._sorted[1], self._sorted[2]

    def counts(self, name: str) -> pl.DataFrame:
        """Count a column's categories now and then."""
        if self._counted is None or self._counted[0] != name:
            self._counted = (name, category_counts(self.now.values(name), self.then.values(name)))
        return self._counted[1]

    def missing(self, name: str, *, is_number: bool) -> tuple[int, int]:
        """Count a column's missing values now and then."""
        if is_number:
            now, then = self.samples(name)
            return now.missing, then.missing
        return _missing(self.now.values(name)), _missing(self.then.values(name))


def _missing(values: pl.LazyFrame) -> int:
    return int(values.select(pl.all().null_count()).collect(engine="streaming").item())


def too_few(rows: int, reference_rows: int, *, is_new: bool) -> str:
    """Say what is lacking for a comparison to mean anything; nothing where there is enough.

    Two sides of n and m rows tell as much as n * m / (n + m) against a known distribution: at 30, a normal that moved
    by 0.8 standard deviations. New rows add to a version that was compared before, and may be fewer.
    """
    if is_new:
        return "" if min(rows, reference_rows) >= FEWEST_NEW else f"insufficient data: {rows} new of {FEWEST_NEW}"
    if rows and reference_rows and rows * reference_rows >= FEWEST_ROWS * (rows + reference_rows):
        return ""
    needed = -(-FEWEST_ROWS * reference_rows // (reference_rows - FEWEST_ROWS)) if reference_rows > FEWEST_ROWS else 0
    wanted = f"it takes {needed}" if needed else f"and the reference needs more than {FEWEST_ROWS}"
    return f"insufficient data: {rows:,} against {reference_rows:,}; {wanted}"


def category_counts(current: pl.LazyFrame, then: pl.LazyFrame) -> pl.DataFrame:
    """Count rows per category: columns ``value`` (text, missing is one of them), ``now`` and ``then``, by value.

    Each side is a frame of one column; what is held is the categories.
    """
    now, before = (
        side.select(pl.all().cast(pl.String).alias("value")).group_by("value").len(name).collect(engine="streaming")
        for side, name in ((current, "now"), (then, "then"))
    )
    both = now.join(before, on="value", how="full", coalesce=True, nulls_equal=True)
    return both.with_columns(pl.col("now", "then").fill_null(0).cast(pl.Int64)).sort("value", nulls_last=True)

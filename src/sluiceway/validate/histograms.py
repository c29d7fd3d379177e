"""Histograms: each compared column's rows per bin, for the report."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.artifacts.table_ref import NUMBERS
from sluiceway.pages.histogram import Histogram
from sluiceway.pages.number_text import percent
from sluiceway.stats.population_stability import QuantileBins, population_stability
from sluiceway.validate.comparisons import compared_columns
from sluiceway.validate.drift import comparable
from sluiceway.validate.pair import category_counts
from sluiceway.validate.side import Side
from sluiceway.validate.source_table import SourceTable, one_zero

Values = NDArray[np.float64]
BINS = 24
MOST_CATEGORIES = 12
MOST_LISTED = 1000
COUNTED_AT_ONCE = 1_000_000


def histograms(current: SourceTable, then: Side | None) -> list[Histogram]:
    """Count each compared column's rows now and, where the reference has it, then; lists of numbers have no bins."""
    drawn = []
    for name in compared_columns(current.source, current.kinds):
        if current.kinds[name] == NUMBERS:
            continue
        reference = _reference(current, then, name)
        count = _of_numbers if current.kinds[name] in {"integer", "number"} else _of_categories
        drawn.append(count(f"{current.source.name}.{name}", one_zero(current.lazy.select(name)), reference))
    return drawn


def _reference(current: SourceTable, then: Side | None, name: str) -> pl.LazyFrame | None:
    """Take the reference's column, if it has one that can be set beside today's."""
    if then is None or name not in then.kinds or not comparable(current.kinds[name], then.kinds[name]):
        return None
    return then.values(name)


def _of_numbers(column: str, current: pl.LazyFrame, then: pl.LazyFrame | None) -> Histogram:
    """Make bins of equal width over the middle 99 % of both sides; what lies beyond counts in the outermost."""
    now, before = _numbers(current), _numbers(then) if then is not None else None
    low, high = _middle([now] if before is None else [now, before])
    if np.isnan(low):
        return Histogram(column, (), (), note="no values")
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    missing = f"{percent(float(np.isnan(now).mean()))} missing" if np.isnan(now).any() else ""
    stability = "" if before is None else f"PSI {_stability(before, now):.3f}"
    return Histogram(
        column,
        (f"{low:.4g}", f"{high:.4g}"),
        _counts(now, edges),
        None if before is None else _counts(before, edges),
        note=", ".join(filter(None, [stability, missing])),
    )


def _middle(sides: list[Values]) -> tuple[float, float]:
    """Find the ends of the middle 99 % of what is finite; NaN where nothing is."""
    present = np.empty(sum(np.count_nonzero(np.isfinite(side)) for side in sides))
    if not present.size:
        return np.nan, np.nan
    end = 0
    for side in sides:
        for start in range(0, side.size, COUNTED_AT_ONCE):
            piece = side[start : start + COUNTED_AT_ONCE]
            taken = piece[np.isfinite(piece)]
            present[end : end + taken.size] = taken
            end += taken.size
    low, high = np.quantile(present, [0.005, 0.995], overwrite_input=True)  # nobody else has it
    return float(low), float(high)


def _numbers(values: pl.LazyFrame) -> Values:
    return values.select(pl.all().cast(pl.Float64)).collect(engine="streaming").to_series().to_numpy()


def _counts(values: Values, edges: Values) -> tuple[int, ...]:
    counts = np.zeros(len(edges) - 1, np.int64)
    for start in range(0, values.size, COUNTED_AT_ONCE):
        piece = values[start : start + COUNTED_AT_ONCE]
        counts += np.histogram(np.clip(piece[~np.isnan(piece)], edges[0], edges[-1]), bins=edges)[0]
    return tuple(counts.tolist())


def _stability(then: Values, now: Values) -> float:
    bins = QuantileBins.of(then)
    return population_stability(bins.count(then), bins.count(now)).index


def _of_categories(column: str, current: pl.LazyFrame, then: pl.LazyFrame | None) -> Histogram:
    """Show the most common categories by both sides, and the others together."""
    counts = category_counts(current, then if then is not None else current.limit(0))
    common = counts.sort(pl.col("now") + pl.col("then"), "value", descending=[True, False], nulls_last=True)
    shown, others = common.head(MOST_CATEGORIES), common.slice(MOST_CATEGORIES)
    labels = [value if value is not None else "missing" for value in shown["value"]]
    now, before = shown["now"].to_list(), shown["then"].to_list()
    if others.height:
        labels.append(f"{others.height:,} others")
        now.append(int(others["now"].sum()))
        before.append(int(others["then"].sum()))
    stability = ""
    if then is not None and counts.height <= MOST_LISTED:
        index = population_stability(counts["then"].to_numpy(), counts["now"].to_numpy()).index
        stability = f"PSI {index:.3f}"
    return Histogram(column, tuple(labels), tuple(now), tuple(before) if then is not None else None, note=stability)

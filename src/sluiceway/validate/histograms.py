"""Histograms: each compared column's rows per bin, for the report."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.pages.histogram import Histogram
from sluiceway.pages.number_text import percent
from sluiceway.stats.population_stability import QuantileBins, population_stability
from sluiceway.validate.drift import category_counts, comparable, compared_columns, numbers
from sluiceway.validate.source_table import SourceTable

Values = NDArray[np.float64]
BINS = 24
MOST_CATEGORIES = 12
MOST_LISTED = 1000


def histograms(current: SourceTable, then: SourceTable | None) -> list[Histogram]:
    """Count each compared column's rows now and, where the reference has the column, then."""
    drawn = []
    for name in compared_columns(current):
        reference = _reference(current, then, name)
        count = _of_numbers if current.kinds[name] in {"integer", "number"} else _of_categories
        drawn.append(count(f"{current.source.name}.{name}", current.column(name), reference))
    return drawn


def _reference(current: SourceTable, then: SourceTable | None, name: str) -> pl.Series | None:
    """Take the reference's column, if it has one that can be set beside today's."""
    if then is None or name not in then.kinds or not comparable(current.kinds[name], then.kinds[name]):
        return None
    return then.column(name)


def _of_numbers(column: str, current: pl.Series, then: pl.Series | None) -> Histogram:
    """Make bins of equal width over the middle 99 % of both sides; what lies beyond counts in the outermost."""
    now, before = numbers(current), numbers(then) if then is not None else None
    both = now if before is None else np.concatenate([now, before])
    present = both[np.isfinite(both)]
    if not present.size:
        return Histogram(column, (), (), note="no values")
    low, high = np.quantile(present, [0.005, 0.995])
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


def _counts(values: Values, edges: Values) -> tuple[int, ...]:
    inside = np.clip(values[~np.isnan(values)], edges[0], edges[-1])
    return tuple(np.histogram(inside, bins=edges)[0].tolist())


def _stability(then: Values, now: Values) -> float:
    bins = QuantileBins.of(then)
    return population_stability(bins.count(then), bins.count(now)).index


def _of_categories(column: str, current: pl.Series, then: pl.Series | None) -> Histogram:
    """Show the most common categories by both sides, and the others together."""
    counts = category_counts(current, then if then is not None else current.clear())
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

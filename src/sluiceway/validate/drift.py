"""Layer B: each column's distribution against the reference version's."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.artifacts.validation_report import DriftCheck
from sluiceway.stats.chi_square import chi_square_test
from sluiceway.stats.ks_test import ks_test
from sluiceway.stats.multiple_testing import benjamini_hochberg
from sluiceway.validate.source_table import SourceTable

MINIMUM_ROWS = 200
MOST_CATEGORIES = 1000


def compare_columns(current: SourceTable, then: SourceTable) -> list[DriftCheck]:
    """Compare every column of a source with the reference's; p-values are not adjusted yet."""
    return [_compare(current, then, name) for name in compared_columns(current)]


def adjusted(checks: Sequence[DriftCheck]) -> tuple[DriftCheck, ...]:
    """Adjust the p-values over all columns of all sources."""
    values = benjamini_hochberg([check.p_value for check in checks])
    return tuple(replace(check, p_adjusted=value) for check, value in zip(checks, values, strict=True))


def compared_columns(table: SourceTable) -> list[str]:
    """Name the columns whose distribution means something: not keys, which are always new, nor times."""
    apart = {*table.source.keys, EVENT_TIME, KNOWN_TIME}
    return [name for name, kind in table.kinds.items() if name not in apart and kind != "time"]


def comparable(kind: str, then: str) -> bool:
    """Tell whether two kinds of one column can be set side by side: text with text, the rest with the rest."""
    return (kind == "text") == (then == "text") and (kind == "time") == (then == "time")


def numbers(values: pl.Series) -> NDArray[np.float64]:
    """Give a column of numbers as floats, NaN for missing."""
    return values.cast(pl.Float64).to_numpy()


def category_counts(current: pl.Series, then: pl.Series) -> pl.DataFrame:
    """Count rows per category: columns ``value`` (text, missing is one of them), ``now`` and ``then``, by value."""
    sides = [
        pl.DataFrame({"value": values.cast(pl.String)}).lazy().group_by("value").len(name)
        for values, name in ((current, "now"), (then, "then"))
    ]
    both = sides[0].join(sides[1], on="value", how="full", coalesce=True, nulls_equal=True)
    return both.with_columns(pl.col("now", "then").fill_null(0).cast(pl.Int64)).sort("value", nulls_last=True).collect()


def _compare(current: SourceTable, then: SourceTable, name: str) -> DriftCheck:
    kind = current.kinds[name]
    blank = DriftCheck(
        current.source.name,
        name,
        "ks" if kind in {"integer", "number"} else "chi2",
        effect=None,
        p_value=None,
        p_adjusted=None,
        reference_rows=then.height if name in then.kinds else 0,
        rows=current.height,
    )
    if not blank.reference_rows:
        return replace(blank, note="the reference has no rows of this column")
    if not comparable(kind, then.kinds[name]):
        return replace(blank, note=f"it was {then.kinds[name]} and is {kind} now")
    if min(blank.rows, blank.reference_rows) < MINIMUM_ROWS:
        return replace(blank, note=f"too few rows: {min(blank.rows, blank.reference_rows)} of {MINIMUM_ROWS}")
    if current.ref.content_id == then.ref.content_id:
        return replace(blank, effect=0.0, p_value=1.0, note="the table is the reference's own")
    return _tested(blank, current.column(name), then.column(name))


def _tested(blank: DriftCheck, current: pl.Series, then: pl.Series) -> DriftCheck:
    if blank.test == "chi2":
        return _categories(blank, current, then)
    tested = ks_test(numbers(then), numbers(current))
    if min(tested.rows, tested.reference_rows) < MINIMUM_ROWS:
        note = f"fewer than {MINIMUM_ROWS} values: compared by whether there is one"
        return _categories(replace(blank, test="chi2", note=note), _presence(current), _presence(then))
    return replace(blank, effect=_finite(tested.statistic), p_value=_finite(tested.p_value))


def _categories(blank: DriftCheck, current: pl.Series, then: pl.Series) -> DriftCheck:
    counts = category_counts(current, then)
    if counts.height > MOST_CATEGORIES:
        note = f"{counts.height:,} categories, more than {MOST_CATEGORIES:,}: not compared"
        return replace(blank, test="none", note=note)
    tested = chi_square_test(counts["then"].to_numpy(), counts["now"].to_numpy())
    note = "; ".join(filter(None, [blank.note, f"{tested.pooled} rare categories pooled" if tested.pooled else ""]))
    return replace(blank, effect=_finite(tested.cramers_v), p_value=_finite(tested.p_value), note=note)


def _presence(values: pl.Series) -> pl.Series:
    return pl.Series(~np.isnan(numbers(values)))


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None

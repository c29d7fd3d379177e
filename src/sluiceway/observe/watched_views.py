"""Watched views: what each view that feeds the model promises, and what of its values is usually missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.observe.rows import Rows
from sluiceway.observe.seasons import stretches

ANY_VALUE = "any value"


@dataclass(frozen=True, slots=True)
class Usual:
    """How many of so many rows miss a value."""

    missing: int
    rows: int

    @property
    def share(self) -> float:
        """The share of rows that miss it, 0 to 1."""
        return self.missing / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class WatchedView:
    """A view with its watched columns, how far behind a request it may be, and what is usual of each column.

    Where a view has several columns, ``any value`` is usual of the rows that have none at all. Of what is seasonal the
    usual is the most that was missing in any stretch while the model learnt.
    """

    name: str
    columns: tuple[str, ...]
    within: timedelta | None
    usual: Mapping[str, Usual]


def watched_views(
    views: Sequence[ServedView],
    rows: Rows,
    earlier: Rows,
    *,
    watched: Sequence[str],
    length: int,
    within: Mapping[str, timedelta | None],
) -> tuple[WatchedView, ...]:
    """Take each view's past.

    Args:
        views: The served views.
        rows: The reference's rows.
        earlier: The rows before them, of the seasonal columns.
        watched: The model's columns that the log has; of a view of which there is none only freshness is watched.
        length: A window's length in days.
        within: How far behind views may be.
    """
    found = []
    for view in views:
        columns = tuple(name for name in view.columns if name in watched)
        usual = {
            name: max([_usual(rows, chosen), *_stretches(earlier, chosen, length=length)], key=lambda each: each.share)
            for name, chosen in measures(columns).items()
        }
        found.append(WatchedView(view.name, columns, within.get(view.name), usual))
    return tuple(found)


def measures(columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Name what may be missing of a view: each column, and where there are several all of them at once."""
    each: dict[str, tuple[str, ...]] = {name: (name,) for name in columns}
    return each | ({ANY_VALUE: tuple(columns)} if len(columns) > 1 else {})


def missing(features: pl.DataFrame, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which rows, as a model is fed, have a value of none of some columns."""
    gone = [pl.col(name) == "" if features.schema[name] == pl.String else pl.col(name).is_nan() for name in columns]
    return features.select(pl.all_horizontal(gone)).to_series().to_numpy()


def _usual(rows: Rows, columns: Sequence[str]) -> Usual:
    return Usual(int(missing(rows.features, columns).sum()), len(rows))


def _stretches(earlier: Rows, columns: Sequence[str], *, length: int) -> list[Usual]:
    """What was missing in each stretch of the rows before; nothing of columns that are not seasonal."""
    if not len(earlier) or not set(columns) <= set(earlier.features.columns):
        return []
    day = earlier.days - earlier.days[0]
    rows = np.bincount(day)
    gone = np.bincount(day, weights=missing(earlier.features, columns), minlength=rows.size)
    daily = np.stack([gone.astype(np.int64), rows.astype(np.int64)], axis=1)
    return [Usual(int(gone), int(rows)) for gone, rows in stretches(daily, length=length) if rows]

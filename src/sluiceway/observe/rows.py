"""Rows that a model answered: what it was given, what it said, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.observe.spans import Span
from sluiceway.plans.moments_sql import microseconds

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in order of their moments ``at``, microseconds since the epoch, UTC.

    ``features`` holds the model's columns, numbers as float32 with NaN and texts with the empty text for missing, just
    as it was fed. ``probability`` is what it said; ``outcome`` is 1, 0, or NaN where it is not known yet. Where only
    some rows were looked at, each stands for ``weight`` of them. ``views`` says how views were read, as
    ``observe.readings`` does.
    """

    at: NDArray[np.int64]
    features: pl.DataFrame
    probability: NDArray[np.float64]
    outcome: NDArray[np.float64]
    weight: int = 1
    views: pl.DataFrame = field(default_factory=pl.DataFrame)

    def __len__(self) -> int:
        return self.at.size

    @property
    def days(self) -> NDArray[np.int64]:
        """Each row's day, counted from the epoch, UTC."""
        return self.at // DAY_US

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Rows":
        """Keep the rows of a mask, or those at places."""
        return self._at(np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64))

    def since(self, moment: datetime) -> "Rows":
        """Keep the rows of a moment and later."""
        return self.take(np.arange(np.searchsorted(self.at, microseconds(moment)), len(self)))

    def within(self, span: Span) -> "Rows":
        """Keep the rows of a stretch of time."""
        first, last = np.searchsorted(self.at, [microseconds(span.began), microseconds(span.ended)])
        return self._at(slice(first, last))

    def _at(self, places: NDArray[np.int64] | slice) -> "Rows":
        views = self.views[places] if self.views.width else self.views
        chosen = (self.at[places], self.features[places], self.probability[places], self.outcome[places])
        return Rows(*chosen, self.weight, views)


def fed(columns: Sequence[FeatureColumn], names: Sequence[str] = ()) -> list[pl.Expr]:
    """Select columns as a model is fed; ``names`` are what the table calls them, by default their own names."""
    return [_fed(column, name) for column, name in zip(columns, names or [c.name for c in columns], strict=True)]


def arrays(features: pl.DataFrame) -> dict[str, NDArray[Any]]:
    """Give the columns as arrays, which is what a predictor takes."""
    return {name: features[name].to_numpy() for name in features.columns}


def _fed(column: FeatureColumn, name: str) -> pl.Expr:
    if column.type == "text":
        return pl.col(name).cast(pl.String).fill_null("").alias(column.name)
    return pl.col(name).cast(pl.Float32).fill_null(float("nan")).alias(column.name)

"""Served values: those of the request log beside the offline ones, column by column, exactly."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.plans.request_log import FEATURE

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Compared:
    """One feature of all rows, both ways; missing values are null. Masks have a place for each row."""

    name: str
    served: pl.Series
    offline: pl.Series
    mismatched: Mask
    missing: Mask
    extra: Mask

    @property
    def differs(self) -> Mask:
        """The rows in which the two are not the same."""
        return self.mismatched | self.missing | self.extra

    @property
    def largest(self) -> float | None:
        """The largest absolute difference of two numbers."""
        if self.served.dtype != pl.Float64 or not self.mismatched.any():
            return None
        return float((self.served - self.offline).abs().filter(pl.Series(self.mismatched)).max() or 0.0)  # type: ignore[arg-type]  # a number


def compare_column(logged: pa.Table, offline: pa.Table, column: FeatureColumn) -> Compared:
    """Compare a feature's values; missing equals missing, and nothing else does.

    Args:
        logged: Rows of ``plans.request_log``.
        offline: The model's columns computed offline, for the same rows in the same order.
        column: Which of them.
    """
    served, computed = _values(logged[FEATURE + column.name], column), _values(offline[column.name], column)
    there, known = served.is_not_null(), computed.is_not_null()
    mismatched = (served != computed).fill_null(value=False)
    return Compared(
        column.name,
        served,
        computed,
        mismatched.to_numpy(),
        (~there & known).to_numpy(),
        (there & ~known).to_numpy(),
    )


def _values(values: pa.ChunkedArray, column: FeatureColumn) -> pl.Series:
    taken = pl.Series(values=values)
    if column.type != "number":
        return taken.cast(pl.String)
    return taken.cast(pl.Float64).fill_nan(None)


def is_rounded(served: float, offline: float) -> bool:
    """Whether a number is another one with fewer digits: to some decimal place, or in float32.

    >>> is_rounded(12.35, 12.3456), is_rounded(12.35, 12.4456)
    (True, False)
    """
    room = RELATIVE * max(abs(served), abs(offline), 1e-9)
    if abs(served - offline) <= room:
        return True
    return any(abs(served - round(offline, places)) <= room for places in range(DECIMALS + 1))


RELATIVE = 1e-6  # float32 has 6e-8
DECIMALS = 9

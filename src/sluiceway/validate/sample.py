"""Samples: a column of numbers on one side, sorted once for all that is asked of it."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """The values that are there, ascending, and how many are missing; NaN counts as missing."""

    values: Values
    missing: int

    @classmethod
    def of(cls, column: pl.Series) -> "Sample":
        """Sort a column of numbers."""
        ordered = np.sort(column.cast(pl.Float64).to_numpy())
        present = int(ordered.searchsorted(np.nan))
        return cls(ordered[:present], ordered.size - present)

    @property
    def finite(self) -> Values:
        """The values without infinite ones."""
        first, last = self.values.searchsorted([-np.inf], side="right")[0], self.values.searchsorted([np.inf])[0]
        return self.values[first:last]

    def binned(self, edges: Values) -> NDArray[np.int64]:
        """Count values per bin between inner edges, a bin holding its lower edge, and the missing last."""
        cuts = self.values.searchsorted(edges, side="left")
        inside = np.diff(np.concatenate([[0], cuts, [self.values.size]]))
        return np.append(inside, self.missing).astype(np.int64)

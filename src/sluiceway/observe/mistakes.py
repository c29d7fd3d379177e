"""Mistakes: hits and mistakes by day, from which F1 and cost follow for any set of days."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sluiceway.declare.spec import Costs
from sluiceway.observe.rows import Rows

HITS, FALSE_ALARMS, MISSES, ROWS = range(4)
Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mistakes:
    """``counts`` has the shape ``(days, 4)``: hits, false alarms, misses, rows; ``days`` count from the epoch."""

    days: NDArray[np.int64]
    counts: Counts

    @property
    def rows(self) -> int:
        """How many rows have an outcome."""
        return int(self.counts[:, ROWS].sum())

    @property
    def positives(self) -> int:
        """How many of them came true."""
        return int(self.counts[:, [HITS, MISSES]].sum())

    @property
    def f1(self) -> float:
        """F1 over all days; NaN with neither positives nor alarms."""
        return float(f1_of(self.counts.sum(axis=0, keepdims=True))[0])

    def cost(self, costs: Costs) -> float:
        """Mean cost of a row over all days, in the costs' currency; NaN without rows."""
        return float(cost_of(self.counts.sum(axis=0, keepdims=True), costs)[0])


def by_day(rows: Rows, *, threshold: float) -> Mistakes:
    """Count the rows whose outcome is known; a probability at or above the threshold raises the alarm."""
    known = ~np.isnan(rows.outcome) & ~np.isnan(rows.probability)
    actual, alarm = rows.outcome[known] > 0, rows.probability[known] >= threshold
    days, place = np.unique(rows.days[known], return_inverse=True)
    kinds = (actual & alarm, ~actual & alarm, actual & ~alarm, np.ones_like(actual))
    counts = [np.bincount(place, weights=kind.astype(float), minlength=days.size) for kind in kinds]
    return Mistakes(days, np.stack(counts, axis=1).astype(np.float64))


def f1_of(totals: Counts) -> NDArray[np.float64]:
    """F1 of each row of totals, shape ``(n, 4)``."""
    whole = 2 * totals[:, HITS] + totals[:, FALSE_ALARMS] + totals[:, MISSES]
    return _divided(2 * totals[:, HITS], whole)


def cost_of(totals: Counts, costs: Costs) -> NDArray[np.float64]:
    """Mean cost of a row for each row of totals, shape ``(n, 4)``."""
    paid = costs.false_positive * totals[:, FALSE_ALARMS] + costs.false_negative * totals[:, MISSES]
    return _divided(paid, totals[:, ROWS])


def _divided(above: Counts, below: Counts) -> Counts:
    """Divide, giving NaN where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0))

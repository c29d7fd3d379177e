"""Calibration: whether a predicted probability of 30 % comes true 30 times in 100."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins of equal width over [0, 1] that hold at least one row, ascending.

    ``predicted`` is a bin's mean probability, ``observed`` its share of positives, ``rows`` how many it holds; each of
    shape ``(filled bins,)``.
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    rows: NDArray[np.int64]

    @property
    def expected_error(self) -> float:
        """The expected calibration error: distance between predicted and observed, mean over rows; NaN without rows.

        Reference: Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities" (2015).
        """
        total = self.rows.sum()
        return float((np.abs(self.predicted - self.observed) * self.rows).sum() / total) if total else nan


def reliability(truth: NDArray[np.integer], probability: NDArray[np.floating], *, bins: int = 10) -> Reliability:
    """Bin predictions by their probability.

    Args:
        truth: 0 or 1 for each row.
        probability: Predicted probability of 1 for each row, 0 to 1.
        bins: How many of equal width; 1.0 belongs to the last.

    >>> reliability(np.array([0, 1]), np.array([0.25, 0.75]), bins=2).expected_error
    0.25
    """
    chance = np.asarray(probability, dtype=float)
    place = np.minimum((chance * bins).astype(np.int64), bins - 1)
    rows = np.bincount(place, minlength=bins)
    filled = rows > 0
    predicted = np.bincount(place, weights=chance, minlength=bins)[filled] / rows[filled]
    observed = np.bincount(place, weights=np.asarray(truth, dtype=float), minlength=bins)[filled] / rows[filled]
    return Reliability(predicted, observed, rows[filled].astype(np.int64))

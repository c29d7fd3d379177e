"""Quantile shift: how far the median, or another quantile, has moved."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from sluiceway.stats.share_test import share_test


@dataclass(frozen=True, slots=True)
class QuantileShift:
    """``then`` and ``now`` are the quantile's values, NaN without values on either side.

    ``p_value`` is how often samples with one such quantile differ at least so much.
    """

    p_value: float
    then: float
    now: float


def quantile_shift(reference: NDArray[np.floating], current: NDArray[np.floating], at: float) -> QuantileShift:
    """Compare one quantile of two samples by how many values of each lie below that of both together.

    Where values stand on the cut, it is made on either side of them, and the smaller p-value counts, doubled.

    Args:
        reference: Finite values then, sorted.
        current: Finite values now, sorted.
        at: Which quantile, above 0 and below 1.

    >>> shift = quantile_shift(np.arange(100.0), np.arange(100.0) + 40, 0.5)
    >>> shift.then, shift.now, shift.p_value < 1e-6
    (49.5, 89.5, True)

    Reference: Mood, "Introduction to the Theory of Statistics" (1950), section 16.5, on the median; the same holds of
    any other quantile.
    """
    if not reference.size or not current.size:
        return QuantileShift(nan, nan, nan)
    cut = np.quantile(np.concatenate([reference, current]), at)
    cuts = {(_below(reference, cut, side), _below(current, cut, side)) for side in ("left", "right")}
    p_value = min(share_test(then, reference.size, now, current.size) for then, now in cuts)
    return QuantileShift(
        min(1.0, len(cuts) * p_value), float(np.quantile(reference, at)), float(np.quantile(current, at))
    )


def _below(ordered: NDArray[np.floating], cut: np.floating, side: str) -> int:
    return int(ordered.searchsorted(cut, side="right" if side == "right" else "left"))

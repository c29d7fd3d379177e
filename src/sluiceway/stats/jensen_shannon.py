"""The Jensen-Shannon distance: how far apart two distributions are, on a scale with both ends."""

from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray


def jensen_shannon_distance(reference: NDArray[np.integer], current: NDArray[np.integer]) -> float:
    """Compute the distance of two histograms over the same bins, base 2: 0 the same shares, 1 nothing in common.

    It is the square root of the divergence, and so a metric. Empty bins need no smoothing. NaN without rows.

    Args:
        reference: Rows per bin then, shape ``(bins,)``.
        current: Rows per bin now, same bins.

    >>> jensen_shannon_distance(np.array([10, 0]), np.array([0, 10]))
    1.0

    References: Lin, "Divergence Measures Based on the Shannon Entropy" (1991); Endres and Schindelin, "A New Metric
    for Probability Distributions" (2003).
    """
    then, now = (np.asarray(rows, dtype=float) for rows in (reference, current))
    if not then.sum() or not now.sum():
        return nan
    then, now = then / then.sum(), now / now.sum()
    middle = (then + now) / 2
    divergence = (_divergence(then, middle) + _divergence(now, middle)) / 2
    return sqrt(min(max(divergence, 0.0), 1.0))


def _divergence(shares: NDArray[np.float64], middle: NDArray[np.float64]) -> float:
    """Kullback and Leibler's, in bits; an empty bin adds nothing."""
    filled = shares > 0
    return float((shares[filled] * np.log2(shares[filled] / middle[filled])).sum())

"""Quantile sequences: between which observed values a quantile lies, at every look at once."""

from bisect import bisect_left
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from sluiceway.stats.quantile_bounds import CONFIDENCE, QuantileBounds
from sluiceway.stats.share_sequence import is_excluded


def quantile_sequence(
    values: NDArray[np.floating] | NDArray[np.integer], quantile: float, *, confidence: float = CONFIDENCE
) -> QuantileBounds:
    """Bound a quantile by two of the values seen so far; with the confidence asked for, no look finds a bound crossed.

    How many values lie at or below a quantile q is a count of trials that succeed with a chance of at least q. Where
    so few would lie at or below a value that ``share_sequence`` excludes q, the quantile is no smaller; and the same
    from above. Whatever the distribution, ties make the bounds wider, never wrong.

    Args:
        values: All values so far, independent, any order, no NaN.
        quantile: Above 0 and below 1.
        confidence: Of both bounds together.

    >>> quantile_sequence(np.arange(1, 101), 0.5)
    QuantileBounds(value=50.0, low=34.0, high=67.0)

    Reference: Howard and Ramdas, "Sequential estimation of quantiles with applications to A/B testing and best-arm
    identification", Bernoulli 28 (2022).
    """
    count = values.size
    if not count:
        return QuantileBounds(None, None, None)
    low, high = _ranks(count, quantile, 1 - confidence)
    point = max(ceil(quantile * count - 1e-9), 1)
    ordered = np.partition(values, [rank - 1 for rank in (point, low, high) if 1 <= rank <= count])

    def at(rank: int) -> float | None:
        return float(ordered[rank - 1]) if 1 <= rank <= count else None

    return QuantileBounds(at(point), at(low), at(high))


def _ranks(count: int, quantile: float, doubt: float) -> tuple[int, int]:
    """The bounds' ranks from 1; 0 and ``count + 1`` stand for none.

    The further a number of values is from the one expected, the surer it excludes the quantile.
    """

    def excludes(below: int) -> bool:
        return is_excluded(quantile, successes=below, trials=count, doubt=doubt)

    middle = floor(count * quantile)
    low = bisect_left(range(middle + 1), True, key=lambda below: not excludes(below))
    high = middle + 1 + bisect_left(range(middle + 1, count + 1), True, key=excludes)
    return low, high

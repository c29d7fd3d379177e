"""Confidence sequences: bounds on a mean that hold at every look at once, however often and whenever one looks."""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
MINIMUM_ROWS = 100
TIGHTEST_AT = 1_000


@dataclass(frozen=True, slots=True)
class MeanBounds:
    """A mean with its one-sided bounds, in the values' unit; ``None`` where too little was seen to say."""

    mean: float | None
    low: float | None
    high: float | None


def confidence_sequence(
    values: NDArray[np.floating], *, confidence: float = CONFIDENCE, tightest_at: int = TIGHTEST_AT
) -> MeanBounds:
    """Bound a mean by the values seen so far; with the confidence asked for, no look ever finds a bound crossed.

    The sequence is asymptotic: like the central limit theorem it asks nothing of the values but a variance, and needs
    some of them to begin with, here a hundred. Whoever looks again after every row may stop at whatever was seen.

    Args:
        values: All values so far, independent, any unit.
        confidence: Of each bound alone.
        tightest_at: How many rows the bounds are tuned for; fix it before looking.

    >>> bounds = confidence_sequence(np.tile([0.0, 1.0], 500))
    >>> [round(value, 3) for value in (bounds.low, bounds.mean, bounds.high)]
    [0.456, 0.5, 0.544]

    References: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic
    confidence sequences", Annals of Statistics 52 (2024), first published 2021; its one-sided boundary is the normal
    mixture of Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
    sequences", Annals of Statistics 49 (2021).
    """
    if not values.size:
        return MeanBounds(None, None, None)
    mean = float(values.mean())
    if values.size < MINIMUM_ROWS:
        return MeanBounds(mean, None, None)
    width = float(values.std()) * _width(values.size, 1 - confidence, tightest_at)
    return MeanBounds(mean, mean - width, mean + width)


def difference_of_means(
    ours: NDArray[np.floating], theirs: NDArray[np.floating], *, confidence: float = CONFIDENCE
) -> MeanBounds:
    """Bound how much greater the mean of one group is than another's, each group bounded with half the doubt."""
    half = 1 - (1 - confidence) / 2
    one, other = confidence_sequence(ours, confidence=half), confidence_sequence(theirs, confidence=half)
    mean = None if one.mean is None or other.mean is None else one.mean - other.mean
    low = None if one.low is None or other.high is None else one.low - other.high
    high = None if one.high is None or other.low is None else one.high - other.low
    return MeanBounds(mean, low, high)


def _width(rows: int, doubt: float, tightest_at: int) -> float:
    """Half the sequence's width, in standard deviations.

    The mixture's variance is the one that makes it tightest at so many rows, for a one-sided bound.
    """
    tail = -2 * log(2 * doubt)
    variance = (tail + log(tail + 1)) / tightest_at
    inner = rows * variance + 1
    return sqrt(2 * inner / (rows**2 * variance) * log(1 + sqrt(inner) / (2 * doubt)))

"""Mean shift: by how many of the reference's standard deviations a mean has moved."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

FEWEST = 2
LEVEL = 0.01


@dataclass(frozen=True, slots=True)
class MeanShift:
    """``shift`` is |now - then| in standard deviations of the reference; NaN where a side has fewer than two values.

    ``then`` and ``now`` are the means, ``p_value`` is how often samples with one mean differ at least so much.
    ``resolution`` is the smallest shift that would have had p < 0.01. Where the reference does not vary, ``unit`` is
    the standard deviation of both sides together.
    """

    shift: float
    p_value: float
    then: float
    now: float
    unit: float
    resolution: float


UNKNOWN = MeanShift(nan, nan, nan, nan, nan, nan)


def mean_shift(reference: NDArray[np.floating], current: NDArray[np.floating]) -> MeanShift:
    """Compare the means of two samples, whose spreads may differ, by Welch's t.

    Args:
        reference: Finite values then, any length; sorted, so that the rows' order cannot change the last digit.
        current: Finite values now, likewise.

    >>> shift = mean_shift(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([4.0, 5.0, 6.0, 7.0, 8.0]))
    >>> round(shift.shift, 4), round(shift.p_value, 4)
    (1.8974, 0.0171)

    References: Welch, "The Generalization of 'Student's' Problem when Several Different Population Variances are
    Involved" (1947); the unit is that of Glass's delta, "Primary, Secondary, and Meta-Analysis of Research" (1976).
    """
    if min(reference.size, current.size) < FEWEST:
        return UNKNOWN
    with np.errstate(over="ignore", invalid="ignore"):
        then, now = float(reference.mean()), float(current.mean())
        varies, varied = float(current.var(ddof=1)), float(reference.var(ddof=1))
        unit = sqrt(varied) or float(np.concatenate([reference, current]).std(ddof=1))
    if not np.isfinite([then, now, varies, varied]).all():
        return UNKNOWN
    if not unit:
        return MeanShift(0.0, 1.0, then, now, 0.0, 0.0)
    p_value, resolution = _welch(abs(now - then), (varied, reference.size), (varies, current.size))
    return MeanShift(abs(now - then) / unit, p_value, then, now, unit, resolution / unit)


def _welch(difference: float, one: tuple[float, int], other: tuple[float, int]) -> tuple[float, float]:
    """Give the two-sided p-value of a difference, and the smallest one below the level."""
    from scipy.special import stdtr, stdtrit

    parts = [variance / rows for variance, rows in (one, other)]
    error = sqrt(sum(parts))
    if not error:
        return (0.0 if difference else 1.0), 0.0
    shares = [part / sum(parts) for part in parts]
    freedom = 1 / sum(share**2 / (rows - 1) for share, (_, rows) in zip(shares, (one, other), strict=True))
    return float(2 * stdtr(freedom, -difference / error)), float(stdtrit(freedom, 1 - LEVEL / 2)) * error

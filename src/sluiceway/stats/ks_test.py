"""The two-sample Kolmogorov-Smirnov test: whether the values of a number column have moved."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.01


@dataclass(frozen=True, slots=True)
class KsTest:
    """``statistic`` is D, the greatest distance between the two distribution functions, 0 to 1; NaN without values.

    ``p_value`` is how often samples of one distribution lie at least as far apart. Rows count values that are there.
    """

    statistic: float
    p_value: float
    reference_rows: int
    rows: int

    @property
    def resolution(self) -> float:
        """The smallest D that these many values would find significant, p < 0.01; NaN without values."""
        if not self.reference_rows or not self.rows:
            return nan
        from scipy.special import kolmogi

        return min(float(kolmogi(LEVEL)) / _scale(self.reference_rows, self.rows), 1.0)


def ks_test(reference: NDArray[np.floating], current: NDArray[np.floating]) -> KsTest:
    """Compare two samples of a number; ties are exact, NaN are left out.

    The p-value is asymptotic, corrected for size: below 0.1 it is within a tenth of the exact one from about forty
    values on where the sizes differ, and a quarter too small for two samples of sixty, where few distances can be.

    Args:
        reference: Values then, any length, unsorted.
        current: Values now, likewise.

    >>> ks_test(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 4.0, 5.0, 6.0])).statistic
    0.5

    Reference: Smirnov, "Table for estimating the goodness of fit of empirical distributions" (1948).
    """
    then, now = (np.sort(values[~np.isnan(values)]) for values in (reference, current))
    if not then.size or not now.size:
        return KsTest(nan, nan, then.size, now.size)
    distance = _greatest_distance(then, now)
    return KsTest(distance, ks_p_value(distance, reference_rows=then.size, rows=now.size), then.size, now.size)


def _greatest_distance(then: NDArray[np.floating], now: NDArray[np.floating]) -> float:
    """Both functions step only at observed values, so the greatest distance stands at the end of some tie."""
    at_then = (
        np.searchsorted(now, then, side="right") / now.size - np.searchsorted(then, then, side="right") / then.size
    )
    at_now = np.searchsorted(then, now, side="right") / then.size - np.searchsorted(now, now, side="right") / now.size
    return float(max(np.abs(at_then).max(), np.abs(at_now).max()))


def ks_p_value(distance: float, *, reference_rows: int, rows: int) -> float:
    """How often two samples of one distribution lie at least so far apart: Kolmogorov's limit, corrected for size.

    ``scipy.special`` holds the same function as ``scipy.stats.kstwobign.sf`` and imports in a tenth of the time.

    Reference: Stephens, "Use of the Kolmogorov-Smirnov, Cramer-von Mises and Related Statistics" (1970).
    """
    from scipy.special import kolmogorov

    return float(kolmogorov(_scale(reference_rows, rows) * distance))


def _scale(reference_rows: int, rows: int) -> float:
    root = sqrt(reference_rows * rows / (reference_rows + rows))
    return root + 0.12 + 0.11 / root

"""The two-sample chi-square test: whether the shares of the categories have moved."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

MINIMUM_EXPECTED = 5.0
LEVEL = 0.01


@dataclass(frozen=True, slots=True)
class ChiSquareTest:
    """``cramers_v`` is the effect, 0 (same shares) to 1 (nothing in common); NaN without rows.

    ``pooled`` counts the categories that were too rare to stand alone and were tested together as "other", ``rows``
    those of both sides.
    """

    statistic: float
    p_value: float
    degrees_of_freedom: int
    cramers_v: float
    pooled: int
    rows: int = 0

    @property
    def resolution(self) -> float:
        """The smallest V that these many rows would find significant, p < 0.01; NaN where nothing was compared."""
        if not self.degrees_of_freedom or not self.rows:
            return nan
        from scipy.special import chdtri

        return sqrt(min(float(chdtri(self.degrees_of_freedom, LEVEL)) / self.rows, 1.0))


def chi_square_test(reference: NDArray[np.integer], current: NDArray[np.integer]) -> ChiSquareTest:
    """Test whether two samples of categories come from one distribution, by their 2 x k contingency table.

    Both samples are taken as samples: testing the current counts against the reference's shares as if those were known
    exactly would find drift in pure noise. Categories of which either side expects fewer than five rows are pooled
    into one "other" (Cochran's rule); if that is still too small, the smallest category left joins it.

    Args:
        reference: Rows of each category then, shape ``(k,)``.
        current: Rows of each category now, same categories in the same order.

    >>> round(chi_square_test(np.array([50, 50]), np.array([70, 30])).statistic, 4)
    8.3333

    References: Pearson (1900); Cochran, "Some Methods for Strengthening the Common chi-square Tests" (1954);
    Cramer, "Mathematical Methods of Statistics" (1946), page 282.
    """
    from scipy.special import chdtrc

    if not reference.sum() or not current.sum():
        return ChiSquareTest(nan, nan, 0, nan, 0)
    table, pooled = _pool(np.stack([reference, current]).astype(float))
    freedom = table.shape[1] - 1
    if freedom == 0:
        return ChiSquareTest(0.0, 1.0, 0, 0.0, pooled)
    expected = _expected(table)
    statistic = float(((table - expected) ** 2 / expected).sum())
    rows = int(table.sum())
    effect = sqrt(min(statistic / rows, 1.0))
    return ChiSquareTest(statistic, float(chdtrc(freedom, statistic)), freedom, effect, pooled, rows)


def _expected(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum())


def _pool(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Put rare categories together until each column expects five rows on both sides, or one column is left."""
    table = table[:, np.argsort(table.sum(axis=0), kind="stable")]
    table = table[:, table.sum(axis=0) > 0]
    rare = int((_expected(table).min(axis=0) < MINIMUM_EXPECTED).sum())
    if rare == 0:
        return table, 0
    others = table[:, :rare].sum(axis=1, keepdims=True)
    joined = np.concatenate([others, table[:, rare:]], axis=1)
    if joined.shape[1] > 1 and _expected(joined)[:, 0].min() < MINIMUM_EXPECTED:
        rare += 1
        joined = np.concatenate([joined[:, :2].sum(axis=1, keepdims=True), joined[:, 2:]], axis=1)
    return joined, rare

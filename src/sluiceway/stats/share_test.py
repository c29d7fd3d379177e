"""The share test: whether two shares, such as of missing values, differ by more than chance."""

from math import nan

import numpy as np

MINIMUM_EXPECTED = 5.0
# Two tables that are equally likely differ in the last digits of their probabilities.
AS_LIKELY = 1.0 + 1e-7


def share_test(reference_hits: int, reference_rows: int, hits: int, rows: int) -> float:
    """Compute how often two samples with one share would differ at least so much; two-sided, NaN without rows.

    Chi-square where each cell of the 2 x 2 table expects five rows, else Fisher's exact test.

    Args:
        reference_hits: Rows then that count, of ``reference_rows``.
        reference_rows: Rows then.
        hits: Rows now that count, of ``rows``.
        rows: Rows now.

    >>> round(share_test(3, 4, 1, 4), 4)
    0.4857

    References: Fisher, "The Design of Experiments" (1935), chapter 2; Pearson (1900).
    """
    from scipy.special import chdtrc

    if not reference_rows or not rows:
        return nan
    total, counted = reference_rows + rows, reference_hits + hits
    if not 0 < counted < total:
        return 1.0
    least = min(reference_rows, rows) * min(counted, total - counted) / total
    if least < MINIMUM_EXPECTED:
        return _exact(reference_hits, reference_rows, hits, rows)
    # The products are taken as floats: of whole numbers they would be exact and very large.
    crossed = float(reference_hits) * (rows - hits) - float(hits) * (reference_rows - reference_hits)
    margins = float(reference_rows) * rows * counted * (total - counted)
    return float(chdtrc(1, total * crossed * crossed / margins))


def _exact(reference_hits: int, reference_rows: int, hits: int, rows: int) -> float:
    """Add up the hypergeometric probabilities of all tables with these margins that are no likelier than this one."""
    from scipy.special import gammaln

    counted = reference_hits + hits
    possible = np.arange(max(0, counted - reference_rows), min(counted, rows) + 1)

    def ways(
        whole: int, part: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    ) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        return np.asarray(gammaln(whole + 1) - gammaln(part + 1) - gammaln(whole - part + 1))

    weights = ways(rows, possible) + ways(reference_rows, counted - possible)
    weights = np.exp(weights - weights.max())
    here = weights[hits - possible[0]]
    return float(min(weights[weights <= here * AS_LIKELY].sum() / weights.sum(), 1.0))

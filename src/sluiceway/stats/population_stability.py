"""Population stability: how far a binned distribution has moved from its reference."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MINIMUM_ROWS = 200


@dataclass(frozen=True, slots=True)
class QuantileBins:
    """Bins of a number, frozen from its reference; outer edges are open, and the last bin holds the missing.

    ``edges`` are the inner edges, ascending; a bin holds its lower edge.
    """

    edges: tuple[float, ...]

    @classmethod
    def of(cls, reference: NDArray[np.floating], bins: int = 10) -> "QuantileBins":
        """Cut where the reference's quantiles lie.

        A value so common that several quantiles fall on it becomes a bin of its own; otherwise a constant column
        could not be seen to fall.
        """
        present = reference[np.isfinite(reference)]
        if not present.size:
            return cls(())
        cuts = np.quantile(present, np.arange(1, bins) / bins)
        values, times = np.unique(cuts, return_counts=True)
        above_common = np.nextafter(values[times > 1], np.inf)
        return cls(tuple(np.unique(np.concatenate([values, above_common])).tolist()))

    def count(self, values: NDArray[np.floating]) -> NDArray[np.int64]:
        """Count values per bin, shape ``(len(edges) + 2,)``, the missing last."""
        missing = np.isnan(values)
        places = np.searchsorted(np.asarray(self.edges), values[~missing], side="right")
        return np.append(np.bincount(places, minlength=len(self.edges) + 1), missing.sum()).astype(np.int64)


@dataclass(frozen=True, slots=True)
class CategoryBins:
    """A bin per category of the reference, then one for categories it never had, then one for the missing."""

    categories: tuple[Hashable, ...]

    @classmethod
    def of(cls, reference: Iterable[Hashable]) -> "CategoryBins":
        """Freeze the reference's categories, ordered by their text."""
        return cls(tuple(sorted(set(reference) - {None}, key=str)))

    def count(self, values: Iterable[Hashable]) -> NDArray[np.int64]:
        """Count values per bin, shape ``(len(categories) + 2,)``."""
        place = {category: index for index, category in enumerate(self.categories)}
        unseen = len(place)
        places = [unseen + 1 if value is None else place.get(value, unseen) for value in values]
        return np.bincount(np.asarray(places, dtype=np.int64), minlength=unseen + 2).astype(np.int64)


@dataclass(frozen=True, slots=True)
class PopulationStability:
    """``index`` is the PSI in nats, 0 when nothing moved. ``noise_floor`` is what chance alone exceeds once in 100."""

    index: float
    noise_floor: float
    reference_rows: int
    rows: int

    @property
    def is_conclusive(self) -> bool:
        """Whether both sides have the 200 rows below which nothing should be said."""
        return min(self.rows, self.reference_rows) >= MINIMUM_ROWS

    def exceeds(self, limit: float) -> bool:
        """Tell whether the index is above the limit and above what chance explains."""
        return self.is_conclusive and self.index > limit and self.index > self.noise_floor


def population_stability(reference: NDArray[np.integer], current: NDArray[np.integer]) -> PopulationStability:
    """Compute the PSI of two histograms over the same bins; each bin gets half a row, so none is empty.

    Bins that neither side ever filled are left out. A shift of a normal by 0.45 standard deviations gives about 0.2
    over ten bins, by 1.8 about 2.7.

    Args:
        reference: Rows per bin then, shape ``(bins,)``.
        current: Rows per bin now, same bins.

    >>> round(population_stability(np.array([500, 500]), np.array([900, 100])).index, 2)
    0.88

    References: Kullback and Leibler, "On Information and Sufficiency" (1951), divergence J; Yurdakul, "Statistical
    Properties of Population Stability Index" (2018), for its chi-square distribution.
    """
    from scipy.special import chdtri

    rows = np.stack([reference, current]).astype(float)
    totals = rows.sum(axis=1)
    filled = rows[:, rows.sum(axis=0) > 0]
    if not totals.all():
        return PopulationStability(np.nan, np.nan, int(totals[0]), int(totals[1]))
    then, now = (filled + 0.5) / (filled + 0.5).sum(axis=1, keepdims=True)
    index = float(((now - then) * np.log(now / then)).sum())
    freedom = filled.shape[1] - 1
    floor = float(chdtri(freedom, 0.01) * (1 / totals).sum()) if freedom else 0.0
    return PopulationStability(index, floor, int(totals[0]), int(totals[1]))

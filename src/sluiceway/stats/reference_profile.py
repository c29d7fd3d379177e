"""Reference profiles: a column's past, binned and sorted once, so that many a present is compared with it quickly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from sluiceway.stats.chi_square import chi_square_test
from sluiceway.stats.jensen_shannon import jensen_shannon_distance
from sluiceway.stats.ks_test import ks_p_value
from sluiceway.stats.population_stability import PopulationStability, QuantileBins, population_stability

GRID = 1024
QUANTILES = np.array([0.1, 0.5, 0.9])
MOST_CATEGORIES = 100
FEWEST_ROWS, SMALLEST_SHARE = 5, 0.001
DESCRIBED = 0.5
UNSEEN_SHARE = 0.01
OTHERS, UNSEEN, MISSING = "(others)", "(unseen)", "(missing)"

Counts = NDArray[np.int64]
Spread = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column now beside its past. ``test`` is ``ks`` or ``chi2``; ``effect`` is D or Cramer's V, NaN without values.

    ``counts`` are rows per bin now, the missing last; ``js`` the Jensen-Shannon distance over the same bins;
    ``spread`` a number's 10 % quantile, median and 90 % quantile, nothing for a text, or without values.
    """

    stability: PopulationStability
    test: str
    effect: float
    p_value: float
    js: float
    counts: Counts
    spread: Spread = ()

    @property
    def missing(self) -> float:
        """The share of rows without a value, 0 to 1; NaN without rows."""
        total = self.counts.sum()
        return float(self.counts[-1] / total) if total else np.nan


@dataclass(frozen=True, slots=True)
class NumberProfile:
    """A number's past: rows per PSI bin, and its distribution function at up to 1,024 of its own values.

    ``below`` and ``upto`` are the shares of its values less than, and at most, each value of ``grid``; ``spread`` is
    its 10 % quantile, median and 90 % quantile.
    """

    bins: QuantileBins
    counts: Counts
    grid: NDArray[np.float32]
    below: NDArray[np.float64]
    upto: NDArray[np.float64]
    spread: Spread

    @classmethod
    def of(cls, values: NDArray[np.floating]) -> "NumberProfile":
        """Take the past, NaN for missing, as float32, which is what a model is fed."""
        ordered = np.sort(values.astype(np.float32, copy=False))
        present = ordered[: ordered.size - int(np.isnan(ordered).sum())]
        bins = QuantileBins.of(present.astype(np.float64))
        step = max(ceil(present.size / GRID), 1)
        grid = np.unique(np.append(present[::step], present[-1:]))
        below, upto = _shares(present, grid)
        return cls(bins, _binned(ordered, present.size, bins), grid, below, upto, _spread(present))

    @property
    def missing(self) -> float:
        """The share of rows without a value, 0 to 1; NaN without rows."""
        total = self.counts.sum()
        return float(self.counts[-1] / total) if total else np.nan

    def compare(self, values: NDArray[np.floating]) -> Comparison:
        """Compare the present, NaN for missing; KS is exact to one grid step, a thousandth, never too large."""
        ordered = np.sort(values.astype(np.float32, copy=False))
        present = ordered[: int(np.searchsorted(ordered, np.float32(np.nan)))]
        counts = _binned(ordered, present.size, self.bins)
        distance, p_value = np.nan, np.nan
        then = int(self.counts[:-1].sum())
        if then and present.size:
            below, upto = _shares(present, self.grid)
            distance = float(max(np.abs(below - self.below).max(), np.abs(upto - self.upto).max()))
            p_value = ks_p_value(distance, reference_rows=then, rows=present.size)
        stability = population_stability(self.counts, counts)
        js = jensen_shannon_distance(self.counts, counts)
        return Comparison(stability, "ks", distance, p_value, js, counts, _spread(present))

    def places(self, values: NDArray[np.floating]) -> Counts:
        """Tell the bin of each value, the missing in the last."""
        as_fed = values.astype(np.float32, copy=False)
        found = np.searchsorted(np.asarray(self.bins.edges), as_fed, side="right").astype(np.int64)
        found[np.isnan(as_fed)] = len(self.bins.edges) + 1
        return found


def _shares(ordered: NDArray[np.float32], grid: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows = max(ordered.size, 1)
    return np.searchsorted(ordered, grid, side="left") / rows, np.searchsorted(ordered, grid, side="right") / rows


def _spread(ordered: NDArray[np.float32]) -> Spread:
    """Read quantiles off sorted values, infinite ones left out: of sorted ones they cost nothing."""
    first, last = np.searchsorted(ordered, np.float32(-np.inf), "right"), np.searchsorted(ordered, np.float32(np.inf))
    if last <= first:
        return ()
    places = QUANTILES * (last - first - 1)
    low = np.floor(places).astype(np.int64)
    below, above = (ordered[first + each].astype(float) for each in (low, np.ceil(places).astype(np.int64)))
    return tuple((below + (above - below) * (places - low)).tolist())


def _binned(ordered: NDArray[np.float32], present: int, bins: QuantileBins) -> Counts:
    """Count sorted values per bin without looking at each: a bin holds its lower edge, and the missing stand last."""
    cuts = np.searchsorted(ordered[:present].astype(np.float64, copy=False), np.asarray(bins.edges), side="left")
    return np.diff(np.concatenate([[0], cuts, [present, ordered.size]])).astype(np.int64)


@dataclass(frozen=True, slots=True)
class CategoryProfile:
    """A text's past: a bin for each common category, then one for the rare, one for the unseen, one for the missing.

    A category is common with five rows and a thousandth of all, and among the 100 most common. Where the common ones
    make up less than half of the rows, the column names things, such as customers, and names always change: then there
    are no common ones, and only the missing can move. New categories go to the rare ones where more than one row in a
    hundred held a category that was seen once: so many are new among the next rows too (Good, 1953), and no drift.
    ``rare`` is then ``None``.

    Reference: Good, "The Population Frequencies of Species and the Estimation of Population Parameters" (1953).
    """

    categories: tuple[str, ...]
    rare: frozenset[str] | None
    counts: Counts

    @classmethod
    def of(cls, rows: Mapping[str | None, int]) -> "CategoryProfile":
        """Take the past's rows by category; ``None`` and the empty text stand for missing."""
        known = {name: count for name, count in rows.items() if name}
        least = max(FEWEST_ROWS, SMALLEST_SHARE * sum(rows.values()))
        ranked = sorted(
            (name for name, count in known.items() if count >= least), key=lambda name: (-known[name], name)
        )
        common = ranked[:MOST_CATEGORIES]
        present = sum(known.values())
        if sum(known[name] for name in common) < DESCRIBED * present:
            common = []
        others = present - sum(known[name] for name in common)
        counts = [*(known[name] for name in common), others, 0, sum(rows.values()) - present]
        once = sum(count == 1 for count in known.values())
        is_closed = bool(common) and once <= UNSEEN_SHARE * present
        rare = frozenset(known).difference(common) if is_closed else None
        return cls(tuple(common), rare, np.asarray(counts, dtype=np.int64))

    @property
    def names(self) -> tuple[str, ...]:
        """What each bin is called."""
        return (*self.categories, OTHERS, UNSEEN, MISSING)

    def compare(self, rows: Mapping[str | None, int]) -> Comparison:
        """Compare the present's rows by category."""
        counts = np.zeros(len(self.counts), dtype=np.int64)
        np.add.at(counts, self.places(tuple(rows)), np.fromiter(rows.values(), dtype=np.int64, count=len(rows)))
        tested = chi_square_test(self.counts, counts)
        return Comparison(
            population_stability(self.counts, counts),
            "chi2",
            tested.cramers_v,
            tested.p_value,
            jensen_shannon_distance(self.counts, counts),
            counts,
        )

    def places(self, categories: Sequence[str | None]) -> Counts:
        """Tell the bin of each category."""
        known = {name: place for place, name in enumerate(self.categories)}
        others = len(known)
        unseen, missing = (others if self.rare is None else others + 1), others + 2
        known |= dict.fromkeys(self.rare or (), others)
        found = (known.get(name, unseen) if name else missing for name in categories)
        return np.fromiter(found, dtype=np.int64, count=len(categories))

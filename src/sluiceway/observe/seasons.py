"""Seasons: how far the columns that move with the year moved while the model learnt."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.declare.spec import Monitoring
from sluiceway.observe.columns import Profile, places
from sluiceway.observe.rows import Rows
from sluiceway.observe.spans import days_of
from sluiceway.stats.population_stability import population_stability

STEP_DAYS = 7


def seasonal_columns(observe: Monitoring, bundle: ModelBundle) -> list[str]:
    """Name the columns that the spec calls seasonal; a view stands for all of its columns."""
    views = {view.name: view.columns for view in bundle.contract.views}
    named = {column for name in observe.seasonal for column in views.get(name, (name,))}
    return [column.name for column in bundle.columns if column.name in named]


def seasonal_limits(
    earlier: Rows, profiles: Mapping[str, Profile], *, observe: Monitoring, least: float
) -> dict[str, float]:
    """For each column of the rows before the reference, the PSI of that stretch of days which moved furthest from it.

    A stretch is as long as a window; stretches begin a week apart. No limit is below ``least``.
    """
    length = days_of(observe.window)
    return {
        name: max([least, *_moved(profiles[name], earlier, name, length=length)]) for name in earlier.features.columns
    }


def _moved(profile: Profile, rows: Rows, name: str, *, length: int) -> list[float]:
    if not len(rows):
        return []
    found = [
        population_stability(profile.counts, counts)
        for counts in stretches(daily_counts(profile, rows, name), length=length)
    ]
    return [each.index for each in found if each.is_conclusive]


def stretches(daily: NDArray[np.int64], *, length: int) -> list[NDArray[np.int64]]:
    """Add up the days of each stretch of ``length`` days; ``daily`` has the shape ``(days, kinds)``."""
    upto = np.concatenate([np.zeros((1, daily.shape[1]), dtype=np.int64), daily.cumsum(axis=0)])
    starts = range(0, max(len(daily) - length, 0) + 1, min(STEP_DAYS, length))
    return [upto[min(start + length, len(daily))] - upto[start] for start in starts]


def daily_counts(profile: Profile, rows: Rows, name: str) -> NDArray[np.int64]:
    """Count rows per day and bin, shape ``(days, bins)``, from the first row's day to the last one's."""
    bins, day = len(profile.counts), rows.days - rows.days[0]
    cells = np.bincount(day * bins + places(profile, rows.features[name]), minlength=(int(day[-1]) + 1) * bins)
    return cells.reshape(-1, bins).astype(np.int64)

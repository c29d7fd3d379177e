"""Resampled days: how far a score could be off, when the rows of one day share their weather."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TIMES = 2000
CONFIDENCE = 0.95
FEWEST_DAYS = 7

Totals = NDArray[np.float64]
Score = Callable[[Totals], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class RelativeChange:
    """A score now against then, relative to then, with its one-sided 95 % bounds; NaN where it cannot be told."""

    change: float
    low: float
    high: float


def resampled_totals(days: Totals, *, draw: int | None = None, times: int = TIMES, seed: int = 0) -> Totals:
    """Draw whole days with replacement, again and again, and total what was counted on them.

    Args:
        days: What was counted on each day, shape ``(days, counts)``.
        draw: How many days a drawing takes; by default as many as there are.
        times: How many drawings.
        seed: Of the drawings.

    Returns:
        Shape ``(times, counts)``.

    References: Kuensch, "The Jackknife and the Bootstrap for General Stationary Observations" (1989), with blocks of
    one day; Davison and Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8.
    """
    size = len(days)
    if not size:
        return np.full((times, days.shape[1]), np.nan)
    chosen = np.random.default_rng(seed).multinomial(draw or size, np.full(size, 1 / size), size=times)
    return np.asarray(chosen @ days.astype(float))


def relative_change(now: Totals, then: Totals, score: Score, *, seed: int = 0) -> RelativeChange:
    """Compare a score of some days with that of others, with bounds for both sides' chance.

    With fewer than seven days now, their own spread says little: then the bounds come from how far as many days of
    then stray from all of them.

    Args:
        now: What was counted on each day now, shape ``(days, counts)``.
        then: Likewise then.
        score: Takes totals of shape ``(n, counts)`` and gives the score of each row, NaN where there is none.
        seed: Of the drawings.

    >>> days = np.tile([[8.0, 10.0]], (30, 1))
    >>> relative_change(days * [0.5, 1.0], days, lambda totals: totals[:, 0] / totals[:, 1])
    RelativeChange(change=-0.5, low=-0.5, high=-0.5)
    """
    level, base = _whole(now, score), _whole(then, score)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = float(np.float64(level) / base - 1)
        if 0 < len(now) < FEWEST_DAYS:
            strayed = score(resampled_totals(then, draw=len(now), seed=seed)) / base - 1
            low, high = _bounds(change - strayed)
        else:
            drawn = score(resampled_totals(now, seed=seed)) / score(resampled_totals(then, seed=seed + 1)) - 1
            low, high = _bounds(drawn)
    return RelativeChange(change, low, high) if np.isfinite(change) else RelativeChange(np.nan, np.nan, np.nan)


def _whole(days: Totals, score: Score) -> float:
    return float(score(days.sum(axis=0, keepdims=True, dtype=float))[0])


def _bounds(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """Take the percentiles; a drawing without a score leaves the bounds unknown."""
    if not np.isfinite(drawn).all():
        return np.nan, np.nan
    low, high = np.quantile(drawn, [1 - CONFIDENCE, CONFIDENCE])
    return float(low), float(high)

"""The change point: from when on a series runs at another level."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """``place`` is the first value of the new level; ``before`` and ``after`` are the weighted means on its sides."""

    place: int
    before: float
    after: float


def change_point(
    values: NDArray[np.floating],
    weights: NDArray[np.floating] | NDArray[np.integer],
    *,
    earliest: int = 1,
    rising: bool = False,
) -> ChangePoint | None:
    """Find where one change of level explains most of a series, by weighted least squares.

    Args:
        values: In order of time, shape ``(n,)``; a value of weight 0 may be NaN.
        weights: How many rows stand behind each value, none below 0.
        earliest: The first place where the change may lie; values before it only tell how things were.
        rising: Whether only a change to a higher level counts.

    Returns:
        The change, the earliest of several equally good ones; ``None`` where no place has weight on both sides, or
        the level is lower after every one although it must be higher.

    >>> change_point(np.array([1.0, 1.0, 5.0, 5.0]), np.ones(4))
    ChangePoint(place=2, before=1.0, after=5.0)

    Reference: Hinkley, "Inference about the Change-Point in a Sequence of Random Variables" (1970).
    """
    heavy = np.asarray(weights, dtype=float)
    sums = np.where(heavy > 0, values, 0.0) * heavy
    places = np.arange(max(earliest, 1), heavy.size)
    weight, total = np.cumsum(heavy), np.cumsum(sums)
    if not places.size:
        return None
    left, right = weight[places - 1], weight[-1] - weight[places - 1]
    divides = (left > 0) & (right > 0) & (heavy[places] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after = total[places - 1] / left, (total[-1] - total[places - 1]) / right
        counts = divides & (after > before) if rising else divides
        explained = np.where(counts, left * right / weight[-1] * (after - before) ** 2, -1.0)
    if not counts.any():
        return None
    best = int(np.argmax(explained))
    return ChangePoint(int(places[best]), float(before[best]), float(after[best]))

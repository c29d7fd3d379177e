"""Float32 floor: thresholds of trees in float32 that send every float32 value the same way as before."""

from collections.abc import Sequence

import numpy as np


def float32_floor(thresholds: Sequence[float]) -> list[float]:
    """Take the largest float32 at or below each threshold.

    For a float32 ``x``, ``x <= t`` and ``x <= float32_floor(t)`` always agree; rounding to nearest may go up past
    a value of ``x`` and move rows to the other branch.

    >>> float32_floor([0.5, 0.1])
    [0.5, 0.09999999403953552]
    """
    exact = np.asarray(thresholds, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        nearest = exact.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
    return [float(threshold) for threshold in np.where(nearest > exact, below, nearest)]

"""Multiple testing: many columns are tested, and one in a hundred looks drifted by chance."""

from collections.abc import Sequence
from math import isnan

import numpy as np


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values so that, below a limit, the expected share of false alarms stays under that limit.

    Args:
        p_values: One per test, each 0 to 1; ``None`` and NaN mean "not tested", are passed through and do not count.

    >>> benjamini_hochberg([0.01, None, 0.04, 0.03])
    [0.03, None, 0.04, 0.04]

    Reference: Benjamini and Hochberg, "Controlling the False Discovery Rate" (1995).
    """
    tested = [index for index, value in enumerate(p_values) if value is not None and not isnan(value)]
    adjusted = list(p_values)
    if not tested:
        return adjusted
    raw = np.array([p_values[index] for index in tested], dtype=float)
    order = np.argsort(raw, kind="stable")
    scaled = raw[order] * raw.size / np.arange(1, raw.size + 1)
    from_the_top = np.minimum.accumulate(scaled[::-1])[::-1]
    for place, value in zip(order, from_the_top, strict=True):
        adjusted[tested[place]] = min(float(value), 1.0)
    return adjusted

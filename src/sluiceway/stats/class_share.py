"""Class share: by how much, relatively, the share of the positive class has changed."""

from dataclasses import dataclass
from math import exp, sqrt

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class ClassShareChange:
    """``relative_change`` is ``|now - then| / then``; ``low`` and ``high`` bound it at 95 %.

    ``None`` where it cannot be told. With few rows of either class on either side, the interval rests on an
    approximation that does not hold.
    """

    share: float | None
    reference_share: float | None
    relative_change: float | None
    low: float | None
    high: float | None


def class_share_change(*, positives: int, rows: int, reference_positives: int, reference_rows: int) -> ClassShareChange:
    """Compare the share of positives now with then.

    The interval is the delta method's on the logarithm of the ratio of the two shares.

    >>> change = class_share_change(positives=200, rows=1000, reference_positives=160, reference_rows=1000)
    >>> [round(value, 3) for value in (change.relative_change, change.low, change.high)]
    [0.25, 0.035, 0.509]

    Reference: Katz, Baptista, Azen and Pike, "Obtaining Confidence Intervals for the Risk Ratio in Cohort
    Studies" (1978), method C.
    """
    share = positives / rows if rows else None
    then = reference_positives / reference_rows if reference_rows else None
    if share is None or not then:
        return ClassShareChange(share, then, None, None, None)
    change = abs(share - then) / then
    if not share:
        return ClassShareChange(share, then, change, None, None)
    low, high = _interval(share / then, (1 - share) / positives + (1 - then) / reference_positives)
    return ClassShareChange(share, then, change, low, high)


def _interval(ratio: float, variance: float) -> tuple[float, float]:
    """Fold the ratio's interval at 1, where nothing changed."""
    spread = exp(Z_95 * sqrt(variance))
    below, above = ratio / spread - 1, ratio * spread - 1
    low = 0.0 if below <= 0 <= above else min(abs(below), abs(above))
    return low, max(abs(below), abs(above))

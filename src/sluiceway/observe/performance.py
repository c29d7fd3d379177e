"""Performance: F1 and cost of the rows whose outcome is known, beside what gate 5 declared."""

from collections.abc import Callable
from math import isfinite

from sluiceway.artifacts.health_report import Interval, Performance
from sluiceway.declare.spec import Costs
from sluiceway.observe.mistakes import Counts, Mistakes, by_day, cost_of, f1_of
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import Rows
from sluiceway.stats.population_stability import MINIMUM_ROWS
from sluiceway.stats.resampled_days import relative_change

UNKNOWN = Interval(None, None, None)


def measure(rows: Rows, reference: Reference, costs: Costs) -> Performance | None:
    """Score a window's matured rows; ``None`` where there are none.

    Under 200 of them nothing is said about a change.
    """
    found = by_day(rows, threshold=reference.threshold)
    if not found.rows:
        return None
    cost = found.cost(costs)
    enough = found.rows >= MINIMUM_ROWS
    return Performance(
        rows=found.rows,
        matured=found.rows / len(rows),
        positives=found.positives,
        f1=_known(found.f1),
        reference_f1=reference.f1,
        f1_change=_change(found, reference, f1_of) if enough else UNKNOWN,
        cost=cost,
        reference_cost=reference.cost,
        cost_change=_change(found, reference, lambda totals: cost_of(totals, costs)) if enough else UNKNOWN,
        extra_cost=(cost - reference.cost) * found.rows * rows.weight,
    )


def _change(found: Mistakes, reference: Reference, score: Callable[[Counts], Counts]) -> Interval:
    changed = relative_change(found.counts, reference.mistakes.counts, score)
    return Interval(_known(changed.change), _known(changed.low), _known(changed.high))


def _known(value: float) -> float | None:
    return value if isfinite(value) else None

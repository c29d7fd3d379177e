"""Faults of views: one that is no longer kept up, and one whose entities are no longer there."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from sluiceway.artifacts.health_report import AGEING, COVERAGE, DATA_DRIFT, EMPTYING, FELL, STALENESS
from sluiceway.declare.spec import Acceptance
from sluiceway.observe.fault import MARGIN, SHARES, Fault, Plant, keep
from sluiceway.observe.readings import BEHIND, READ
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import Rows
from sluiceway.observe.traffic import Requests
from sluiceway.observe.view_health import view_health
from sluiceway.observe.watched_views import WatchedView
from sluiceway.plans.moments_sql import MICROSECOND

AGED, TIMES = 0.3, 2


def view_faults(reference: Reference, acceptance: Acceptance, *, follows: frozenset[str]) -> list[Fault]:
    """Choose what to plant into views: those go first whose columns rank the training labels best.

    The first that may be behind by no more than something grows old; the first that shows it loses its entities.

    Args:
        reference: Where faults are planted, and what shows them.
        acceptance: Holds the limits.
        follows: The kinds of alerts that may follow where columns of the model lose values.
    """
    ranked = sorted(reference.views, key=lambda view: (-_strength(view, reference), view.name))
    return [_ageing(ranked), _emptying([view for view in ranked if view.columns], reference, acceptance, follows)]


def _strength(view: WatchedView, reference: Reference) -> float:
    return max((reference.strength.get(name, 0.0) for name in view.columns), default=0.0)


def _ageing(views: Sequence[WatchedView]) -> Fault:
    limited = next((view for view in views if view.within is not None), None)
    if limited is None or limited.within is None:
        why = "nothing says how far behind a view may be" if views else "the model has no view"
        return Fault(AGEING, "", STALENESS, keep, AGEING, why)
    column, age = BEHIND + limited.name, int(TIMES * limited.within / MICROSECOND)

    def plant(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        chosen = pl.Series(rng.random(len(rows)) < AGED)
        aged = rows.views.with_columns(pl.when(chosen).then(age).otherwise(column).alias(column))
        return replace(rows, views=aged), requests

    name = f"{AGED:.0%} of the requests found it twice as far behind as it may be"
    return Fault(name, limited.name, f"{STALENESS}: {limited.name}", plant, AGEING)


def _emptying(
    views: Sequence[WatchedView], reference: Reference, acceptance: Acceptance, follows: frozenset[str]
) -> Fault:
    for share in SHARES:
        for view in views:
            plant = _lose(view, share)
            if _shows(plant, view, reference, acceptance):
                moved = {f"{DATA_DRIFT}: {name}" for name in view.columns}
                name, expected = f"{share:.0%} of its entities lost", f"{COVERAGE}: {view.name}"
                return Fault(name, view.name, expected, plant, EMPTYING, follows=follows | moved)
    why = f"in none of {len(views)} views would values that are lost show" if views else "no view is watched"
    return Fault(EMPTYING, "", COVERAGE, keep, EMPTYING, why)


def _shows(plant: Plant, view: WatchedView, reference: Reference, acceptance: Acceptance) -> bool:
    """Whether the loss clears its limit on the reference with a margin; too few rows say nothing, and it is tried."""
    nobody = Requests(*(np.empty(0, dtype=np.int64) for _ in range(3)))
    emptied, _ = plant(reference.rows, nobody, np.random.default_rng(0))
    (found,) = view_health(emptied, [view], acceptance)
    risen = found.missing - found.usual
    return found.p_adjusted is None or (found.coverage == FELL and risen > MARGIN * acceptance.drift_practical_floor)


def _lose(view: WatchedView, share: float) -> Plant:
    """Let so many rows find nothing of a view: all its columns go missing together."""

    def plant(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        chosen = pl.Series(rng.random(len(rows)) < share)
        schema = rows.features.schema
        gone = [
            pl.when(chosen)
            .then(pl.lit("" if schema[name] == pl.String else float("nan"), dtype=schema[name]))
            .otherwise(name)
            .alias(name)
            for name in view.columns
        ]
        unread = pl.when(chosen).then(statement=False).otherwise(READ + view.name).alias(READ + view.name)
        return replace(rows, features=rows.features.with_columns(gone), views=rows.views.with_columns(unread)), requests

    return plant

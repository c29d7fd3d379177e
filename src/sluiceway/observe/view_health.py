"""View health: how fresh each view was served in a window, and whether its values were there as they used to be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.health_report import FELL, FRESH, FULL, INCONCLUSIVE, STALE, UNLIMITED, ViewHealth
from sluiceway.declare.spec import Acceptance
from sluiceway.observe.readings import BEHIND, READ
from sluiceway.observe.rows import Rows
from sluiceway.observe.watched_views import WatchedView, measures, missing
from sluiceway.plans.moments_sql import MICROSECOND
from sluiceway.stats.binomial_bounds import binomial_bounds
from sluiceway.stats.multiple_testing import benjamini_hochberg
from sluiceway.stats.population_stability import MINIMUM_ROWS
from sluiceway.stats.share_test import share_test

# Of so many requests a view may be stale: where nothing happens at night, nothing new is known in the morning.
STALE_SHARE = 0.05
NEARLY_ALL = 0.95
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Risen:
    """What may be missing, its share now and usually, and how likely so much more or less is by chance."""

    name: str
    missing: float
    usual: float
    p_value: float | None

    @property
    def by(self) -> float:
        return self.missing - self.usual

    def fell(self, acceptance: Acceptance) -> bool:
        """Whether values went missing by more than chance, and by enough to matter."""
        is_sure = self.p_value is not None and self.p_value < acceptance.drift_p_value
        return is_sure and self.by >= acceptance.drift_practical_floor


def view_health(rows: Rows, views: Sequence[WatchedView], acceptance: Acceptance) -> tuple[ViewHealth, ...]:
    """Measure every view; p-values are adjusted over all of them. Under 200 rows nothing is said."""
    risen = [[_risen(rows, view, name, columns) for name, columns in measures(view.columns).items()] for view in views]
    adjusted = iter(benjamini_hochberg([each.p_value for own in risen for each in own]))
    found = []
    for view, own in zip(views, risen, strict=True):
        tested = [replace(each, p_value=next(adjusted)) for each in own]
        found.append(_covered(_served(rows, view), tested, acceptance))
    return tuple(found)


def stale_rows(rows: Rows, view: WatchedView) -> NDArray[np.bool_] | None:
    """Tell which of the rows, of those before which anything was read of a view, it was too far behind for."""
    behind = _behind(rows, view)
    return None if behind is None or view.within is None else behind > view.within / MICROSECOND


def _behind(rows: Rows, view: WatchedView) -> NDArray[np.int64] | None:
    """How far behind the view was, in microseconds, of the rows for which that is known."""
    if BEHIND + view.name not in rows.views.columns:
        return None
    known = rows.views[BEHIND + view.name].drop_nulls().to_numpy()
    return known if known.size else None


def _served(rows: Rows, view: WatchedView) -> ViewHealth:
    """Measure how fresh a view was."""
    behind, stale = _behind(rows, view), stale_rows(rows, view)
    enough = behind is not None and behind.size >= MINIMUM_ROWS
    read = rows.views[READ + view.name] if len(rows) and READ + view.name in rows.views.columns else None
    return ViewHealth(
        view=view.name,
        within_s=None if view.within is None else view.within / SECOND,
        stale=None if stale is None else float(stale.mean()),
        behind_s=None if behind is None else float(np.quantile(behind, NEARLY_ALL) * (MICROSECOND / SECOND)),
        unread=None if read is None else int((~read).sum()) / len(read),
        column="",
        missing=0.0,
        usual=0.0,
        p_adjusted=None,
        freshness=UNLIMITED if view.within is None else _freshness(stale) if enough else INCONCLUSIVE,
        coverage=INCONCLUSIVE,
    )


def _freshness(stale: NDArray[np.bool_] | None) -> str:
    bounds = None if stale is None else binomial_bounds(successes=int(stale.sum()), trials=stale.size)
    return STALE if bounds is not None and bounds.low > STALE_SHARE else FRESH


def _risen(rows: Rows, view: WatchedView, name: str, columns: Sequence[str]) -> _Risen:
    then, now = view.usual[name], int(missing(rows.features, columns).sum())
    enough = min(len(rows), then.rows) >= MINIMUM_ROWS
    p_value = share_test(then.missing, then.rows, now, len(rows)) if enough else None
    return _Risen(name, now / len(rows) if len(rows) else 0.0, then.share, p_value)


def _covered(health: ViewHealth, risen: Sequence[_Risen], acceptance: Acceptance) -> ViewHealth:
    """Add what rose most, that which is more than chance first."""
    if not risen:
        return health
    worst = max(risen, key=lambda each: (each.fell(acceptance), each.by))
    coverage = INCONCLUSIVE if worst.p_value is None else FELL if worst.fell(acceptance) else FULL
    return replace(
        health,
        column=worst.name,
        missing=worst.missing,
        usual=worst.usual,
        p_adjusted=worst.p_value,
        coverage=coverage,
    )

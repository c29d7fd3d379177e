"""The reference: the holdout rows that gate 5 judged the model on, as the model sees them now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.feature_set import AT, LABEL, FeatureSet
from sluiceway.artifacts.promise import Promise
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import DamagedError
from sluiceway.declare.spec import Spec
from sluiceway.observe.columns import Profile, profile_of
from sluiceway.observe.mistakes import Mistakes, by_day
from sluiceway.observe.readings import kept_up
from sluiceway.observe.rows import Rows, arrays, fed
from sluiceway.observe.seasons import seasonal_columns, seasonal_limits
from sluiceway.observe.spans import days_of
from sluiceway.observe.watched_views import WatchedView, watched_views
from sluiceway.online.predictor import Predictor
from sluiceway.plans.moments_sql import microseconds
from sluiceway.ports.table_store import TableStore

SAME = 1e-9
# How far behind views are in a service that keeps up with ease, of what they may be.
USUAL_SHARE_OF_LIMIT = 0.2


@dataclass(frozen=True, slots=True)
class Reference:
    """What every window is compared with: the rows from ``began`` on and before ``ended``.

    ``profiles`` are the model's columns then, but those that the request log leaves out; ``probability`` is what it
    predicted. ``limits`` is the PSI above which a
    column has drifted, and ``seasonal`` names those whose limit is what they did while the model learnt. ``mistakes``
    are counted by day. ``strength`` is how well each column alone ranks the training labels. ``views`` are those that
    feed the model; the rows tell of them what a service that keeps up would.
    """

    digest: str
    began: datetime
    ended: datetime
    rows: Rows
    profiles: Mapping[str, Profile]
    probability: Profile
    limits: Mapping[str, float]
    seasonal: frozenset[str]
    threshold: float
    mistakes: Mistakes
    f1: float
    cost: float
    strength: Mapping[str, float]
    inputs: frozenset[str]
    views: tuple[WatchedView, ...] = ()


def reference_of(
    candidate: Candidate,
    features: FeatureSet,
    *,
    promise: Promise,
    predictor: Predictor,
    tables: TableStore,
    within: Mapping[str, timedelta | None],
) -> Reference:
    """Read the holdout rows, score them, and profile every column; views may be ``within`` so much behind a request.

    Raises:
        DamagedError: the model does not repeat the F1 that gate 5 declared.
        UnknownTableError: the feature set's table is gone.
    """
    began, bundle, spec = candidate.evaluation.split.holdout_from, candidate.bundle, promise.spec
    table = pl.DataFrame(tables.read(features.table, _names(features))).sort(AT, *features.key)
    at = table[AT].cast(pl.Datetime("us", "UTC")).cast(pl.Int64).to_numpy()
    inputs, start = table.select(fed(bundle.columns)), int(np.searchsorted(at, microseconds(began)))
    held = inputs[start:]
    rows = Rows(at[start:], held, predictor.many(arrays(held)), table[LABEL][start:].cast(pl.Float64).to_numpy())
    named = set(bundle.contract.entities)
    logged = [name for name in held.columns if name not in bundle.contract.unlogged]
    profiles = {name: profile_of(held[name], is_name=name in named) for name in logged}
    seasonal = [name for name in seasonal_columns(spec.observe, bundle) if name in profiles]
    earlier = Rows(at[:start], inputs[:start].select(seasonal), np.empty(0), np.empty(0))
    limits = dict.fromkeys(profiles, spec.acceptance.max_psi)
    limits |= seasonal_limits(earlier, profiles, observe=spec.observe, least=spec.acceptance.max_psi)
    views = watched_views(
        bundle.contract.views, rows, earlier, watched=list(profiles), length=days_of(spec.observe.window), within=within
    )
    rows = replace(rows, views=kept_up(len(rows), [(each.name, each.within) for each in views], USUAL_SHARE_OF_LIMIT))
    mistakes = by_day(rows, threshold=bundle.threshold)
    _require_declared(mistakes, candidate, spec)
    return Reference(
        digest=digest_of([features.content_id, began, candidate.evaluation.content_id]),
        began=began,
        ended=candidate.evaluation.split.holdout_until + timedelta(microseconds=1),
        rows=rows,
        profiles=profiles,
        probability=profile_of(pl.Series(rows.probability)),
        limits=limits,
        seasonal=frozenset(seasonal),
        threshold=bundle.threshold,
        mistakes=mistakes,
        f1=mistakes.f1,
        cost=mistakes.cost(spec.costs),
        strength=candidate.evaluation.single_feature_auc,
        inputs=frozenset(column.name for column in bundle.columns if column.origin == "input"),
        views=views,
    )


def _names(features: FeatureSet) -> list[str]:
    return list(dict.fromkeys([AT, LABEL, *features.key, *(column.name for column in features.columns)]))


def _require_declared(mistakes: Mistakes, candidate: Candidate, spec: Spec) -> None:
    """Refuse a model that does not do on its holdout what gate 5 saw it do."""
    declared = candidate.evaluation.holdout
    if mistakes.rows == declared.rows and abs(mistakes.f1 - declared.f1) <= SAME:
        return
    raise DamagedError(
        f"{spec.problem.name}: on its {mistakes.rows:,} holdout rows the served model has an F1 of {mistakes.f1:.6g}; "
        f"gate 5 declared {declared.f1:.6g} on {declared.rows:,}. Make it again: sluiceway run --again train"
    )

"""Since when: the first day from which an alert holds."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.artifacts.health_report import (
    COST,
    COVERAGE,
    DATA_DRIFT,
    LATENCY,
    PERFORMANCE,
    PREDICTION_DRIFT,
    STALENESS,
    Alert,
    FeatureDrift,
    Window,
)
from sluiceway.declare.spec import Spec
from sluiceway.observe.columns import Profile, compare, places
from sluiceway.observe.mistakes import FALSE_ALARMS, HITS, MISSES, ROWS, Mistakes, by_day
from sluiceway.observe.readings import BEHIND
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import DAY_US, Rows
from sluiceway.observe.traffic import Requests
from sluiceway.observe.view_health import STALE_SHARE, stale_rows, view_health
from sluiceway.observe.watched_views import WatchedView, measures, missing
from sluiceway.plans.moments_sql import moment_of
from sluiceway.stats.change_point import change_point

SLOW_SHARE = 0.01
PROMISED_DAYS = 7


@dataclass(frozen=True, slots=True)
class Daily:
    """A measure's mean on each day, with how many rows stand behind it; ``days`` count from the epoch."""

    days: NDArray[np.int64]
    means: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, days: NDArray[np.int64], values: NDArray[np.float64]) -> "Daily":
        """Take the means of rows by day."""
        found, place = np.unique(days, return_inverse=True)
        weights = np.bincount(place, minlength=found.size).astype(float)
        return cls(found, np.bincount(place, weights=values, minlength=found.size) / np.maximum(weights, 1), weights)


@dataclass(frozen=True, slots=True)
class History:
    """All that was logged up to the end of a window, which is ``now``, and what it is compared with."""

    rows: Rows
    requests: Requests
    now: Rows
    reference: Reference
    spec: Spec

    def first_day(self, alert: Alert) -> datetime | None:
        """Find the first day of the level that the alert speaks of; ``None`` where the days do not tell.

        The days of the reference stand before those of the log, so that a change may lie on the log's first day. Every
        series rises where things get worse: a day on which they got better is no answer.
        """
        before, during = self._series(alert)
        found = change_point(
            np.concatenate([before.means, during.means]),
            np.concatenate([before.weights, during.weights]),
            earliest=before.days.size,
            rising=True,
        )
        if found is None or found.place < before.days.size:
            return None
        return moment_of(int(during.days[found.place - before.days.size]) * DAY_US)

    def _series(self, alert: Alert) -> tuple[Daily, Daily]:
        if alert.kind == DATA_DRIFT:
            return self._column(alert.subject)
        if alert.kind == PREDICTION_DRIFT:
            said = (pl.Series(each.probability) for each in (self.reference.rows, self.rows, self.now))
            return self._scored(self.reference.probability, *said)
        if alert.kind in {COST, PERFORMANCE}:
            mistakes = by_day(self.rows, threshold=self.reference.threshold)
            return self._paid(self.reference.mistakes, alert.kind), self._paid(mistakes, alert.kind)
        if alert.kind in {STALENESS, COVERAGE}:
            view = next(each for each in self.reference.views if each.name == alert.subject)
            return self._stale(view) if alert.kind == STALENESS else self._emptied(view)
        return self._promised(alert.kind)

    def _column(self, name: str) -> tuple[Daily, Daily]:
        then, ever, now = (each.features[name] for each in (self.reference.rows, self.rows, self.now))
        return self._scored(self.reference.profiles[name], then, ever, now)

    def _scored(self, profile: Profile, then: pl.Series, ever: pl.Series, now: pl.Series) -> tuple[Daily, Daily]:
        """Score each row by how much likelier its bin is now than then.

        PSI is the mean of this score now less its mean then: a change of the daily mean is a change of what PSI sees,
        be it the middle, the spread or the missing.
        """
        was, is_now = profile.counts + 0.5, compare(profile, now).counts + 0.5
        score = np.log((is_now / is_now.sum()) / (was / was.sum()))
        sides = ((self.reference.rows.days, then), (self.rows.days, ever))
        before, during = (Daily.of(days, score[places(profile, values)]) for days, values in sides)
        return before, during

    def _paid(self, mistakes: Mistakes, kind: str) -> Daily:
        """Cost of a row; or for F1 by how much hits fall short of what the reference's F1 asks for."""
        counts, costs = mistakes.counts, self.spec.costs
        if kind == COST:
            total = costs.false_positive * counts[:, FALSE_ALARMS] + costs.false_negative * counts[:, MISSES]
        else:
            hits = 2 * counts[:, HITS]
            total = self.reference.f1 * (hits + counts[:, FALSE_ALARMS] + counts[:, MISSES]) - hits
        return Daily(mistakes.days, total / counts[:, ROWS], counts[:, ROWS])

    def _promised(self, kind: str) -> tuple[Daily, Daily]:
        """Failed requests, or slow ones among the answered, a day, after a week in which the promise was just kept."""
        days, bad, allowed = self.requests.days, self.requests.failed, 1 - self.spec.sla.success_rate
        if kind == LATENCY:
            days = days[~self.requests.failed]
            bad, allowed = self.requests.latency_ms > self.spec.sla.latency_p99_ms, SLOW_SHARE
        during = Daily.of(days, bad.astype(float))
        return _kept(during, allowed)

    def _stale(self, view: WatchedView) -> tuple[Daily, Daily]:
        """Rows that a view was too far behind for, a day, after a week in which as many were as may be."""
        known = self.rows.take(self.rows.views[BEHIND + view.name].is_not_null().to_numpy())
        stale = stale_rows(known, view)
        return _kept(Daily.of(known.days, np.zeros(len(known)) if stale is None else stale.astype(float)), STALE_SHARE)

    def _emptied(self, view: WatchedView) -> tuple[Daily, Daily]:
        """Rows that lack what rose most in the window, a day."""
        (found,) = view_health(self.now, [view], self.spec.acceptance)
        columns = measures(view.columns)[found.column]
        sides = (self.reference.rows, self.rows)
        before, during = (Daily.of(each.days, missing(each.features, columns).astype(float)) for each in sides)
        return before, during


def _kept(during: Daily, allowed: float) -> tuple[Daily, Daily]:
    """Put a week before the days in which a promise was just kept."""
    usual = float(during.weights.mean()) if during.weights.size else 0.0
    week = np.full(PROMISED_DAYS, 1.0)
    return Daily(np.zeros(PROMISED_DAYS, dtype=np.int64), allowed * week, usual * week), during


def dated(window: Window, history: History) -> Window:
    """Give every alert of a window, and every column behind one, the day from which it holds."""
    alerts = tuple(replace(alert, since=history.first_day(alert)) for alert in window.alerts)
    found = {alert.subject: alert.since for alert in alerts if alert.kind in {DATA_DRIFT, PREDICTION_DRIFT}}

    def stamped(drift: FeatureDrift) -> FeatureDrift:
        return replace(drift, since=found.get(drift.column))

    prediction = stamped(window.prediction) if window.prediction else None
    return replace(window, alerts=alerts, drift=tuple(map(stamped, window.drift)), prediction=prediction)

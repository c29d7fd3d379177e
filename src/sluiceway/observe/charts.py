"""Charts: what the health page draws, in numbers."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.artifacts.health_report import DRIFT, INCONCLUSIVE, SEASONAL, FeatureDrift, HealthReport, Window
from sluiceway.declare.spec import Spec
from sluiceway.observe.columns import Profile, compare
from sluiceway.observe.mistakes import Mistakes, by_day, cost_of
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import DAY_US, Rows
from sluiceway.observe.spans import Span
from sluiceway.pages.health_headline import period
from sluiceway.pages.health_page import HealthCharts
from sluiceway.pages.histogram import Histogram
from sluiceway.pages.number_text import number_text
from sluiceway.pages.performance_blocks import DailyCost
from sluiceway.plans.moments_sql import moment_of
from sluiceway.stats.reference_profile import CategoryProfile

BINS = 24
MOST_COLUMNS, MOST_CATEGORIES = 12, 12
MIDDLE = (0.005, 0.995)

Values = NDArray[np.floating]


def charts(report: HealthReport, rows: Rows, reference: Reference, spec: Spec) -> HealthCharts:
    """Count the predictions of each window, the columns that moved most in the newest one where any did, and days."""
    found = []
    for window in report.windows:
        now = rows.within(Span(window.began, window.ended))
        if window.prediction is not None and window.prediction.verdict != INCONCLUSIVE:
            found.append(
                numbers(period(window), reference.rows.probability, now.probability, note=_psi(window.prediction))
            )
    logged = by_day(rows, threshold=reference.threshold)
    return HealthCharts(
        predictions=tuple(found),
        moved=moved(report.windows, rows, reference),
        reference_days=_daily(reference.mistakes, spec),
        days=_daily(logged, spec),
    )


def moved(windows: Sequence[Window], rows: Rows, reference: Reference) -> tuple[Histogram, ...]:
    """Draw the columns that left the spec's limit in the newest window where any did, drift before the seasonal."""
    for window in reversed([window for window in windows if not window.is_reference]):
        left = [each for each in window.drift if each.verdict in {DRIFT, SEASONAL}]
        if left:
            ranked = sorted(left, key=lambda each: (each.verdict != DRIFT, -(each.psi or 0.0)))[:MOST_COLUMNS]
            now = rows.within(Span(window.began, window.ended))
            return tuple(_column(each, reference.profiles[each.column], reference.rows, now) for each in ranked)
    return ()


def numbers(name: str, then: Values, now: Values, *, note: str = "") -> Histogram:
    """Make bins of equal width over the middle 99 % of both sides; what lies beyond counts in the outermost."""
    both = np.concatenate([then, now])
    present = both[np.isfinite(both)]
    if not present.size:
        return Histogram(name, (), (), note="no values")
    low, high = (float(end) for end in np.quantile(present, MIDDLE))
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    return Histogram(name, (number_text(low), number_text(high)), _counts(now, edges), _counts(then, edges), note=note)


def _column(drift: FeatureDrift, profile: Profile, then: Rows, now: Rows) -> Histogram:
    before, after = then.features[drift.column], now.features[drift.column]
    if isinstance(profile, CategoryProfile):
        return _categories(drift, profile, after)
    return numbers(drift.column, before.to_numpy(), after.to_numpy(), note=_psi(drift))


def _categories(drift: FeatureDrift, profile: CategoryProfile, now: pl.Series) -> Histogram:
    counts = compare(profile, now).counts
    shown = [*range(min(MOST_CATEGORIES, len(profile.categories))), *range(len(profile.categories), len(counts))]
    filled = [place for place in shown if counts[place] or profile.counts[place]]
    return Histogram(
        drift.column,
        tuple(profile.names[place] for place in filled),
        tuple(int(counts[place]) for place in filled),
        tuple(int(profile.counts[place]) for place in filled),
        note=_psi(drift),
    )


def _counts(values: Values, edges: Values) -> tuple[int, ...]:
    inside = np.clip(values[~np.isnan(values)], edges[0], edges[-1])
    return tuple(np.histogram(inside, bins=edges)[0].tolist())


def _psi(drift: FeatureDrift | None) -> str:
    return f"PSI {drift.psi:.2f}" if drift and drift.psi is not None else ""


def _daily(mistakes: Mistakes, spec: Spec) -> DailyCost:
    days = tuple(f"{moment_of(int(day) * DAY_US):%Y-%m-%d}" for day in mistakes.days)
    return DailyCost(days, tuple(cost_of(mistakes.counts, spec.costs).tolist()))

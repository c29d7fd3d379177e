"""Alerts: what somebody should know of a window, in a sentence each."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sluiceway.artifacts.health_report import (
    ALERT,
    COST,
    COVERAGE,
    DATA_DRIFT,
    DRIFT,
    ERRORS,
    LATENCY,
    PERFORMANCE,
    PREDICTION_DRIFT,
    STALENESS,
    WARNING,
    Alert,
    FeatureDrift,
    Interval,
    Performance,
)
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.declare.spec import Acceptance, Spec
from sluiceway.observe.traffic import Requests
from sluiceway.pages.number_text import number_text, percent
from sluiceway.stats.binomial_bounds import binomial_bounds
from sluiceway.stats.quantile_bounds import quantile_bounds

F1, COST_PER_ROW, P99, FAILURES = "f1", "cost per row", "p99", "failed requests"
EARLY = "too few days were watched for this to be sure"
OWN = "these are the reference's own rows"


def drift_alerts(drift: Iterable[FeatureDrift], prediction: FeatureDrift, acceptance: Acceptance) -> Iterator[Alert]:
    """Tell of each column that drifted, those that moved most first, and of the predictions."""
    moved = [each for each in drift if each.verdict == DRIFT]
    for each in sorted(moved, key=lambda each: -(each.psi or 0.0)):
        yield _moved(DATA_DRIFT, each, f"{each.column} moved", acceptance)
    if prediction.verdict == DRIFT:
        yield _moved(PREDICTION_DRIFT, prediction, "the predictions moved", acceptance)


def performance_alerts(performance: Performance | None, spec: Spec) -> Iterator[Alert]:
    """Warn of an F1 that fell, or a cost that rose, by more than the limit; alert where the bound agrees."""
    if performance is None:
        return
    limit = spec.acceptance.max_f1_drop
    drop, rise = _lost(performance.f1_change), performance.cost_change
    if drop.change is not None and drop.change > limit:
        yield _f1_alert(performance, drop, limit)
    if rise.change is not None and rise.change > limit:
        yield _cost_alert(performance, rise, limit, currency=spec.costs.currency)


def _lost(change: Interval) -> Interval:
    """Turn a change into a drop."""
    drop, least, most = (None if value is None else -value for value in (change.change, change.high, change.low))
    return Interval(drop, least, most)


def _f1_alert(performance: Performance, drop: Interval, limit: float) -> Alert:
    said = (
        f"F1 is {number_text(performance.f1)}, {percent(drop.change)} below the "
        f"{number_text(performance.reference_f1)} that was declared; {_certainty(drop, limit, 'below')}"
    )
    return Alert(_severity(drop, limit), PERFORMANCE, F1, said, drop.change, limit)


def _cost_alert(performance: Performance, rise: Interval, limit: float, *, currency: str) -> Alert:
    said = (
        f"a request costs {number_text(performance.cost)} {currency}, {percent(rise.change)} above the "
        f"{number_text(performance.reference_cost)} {currency} that was declared; {_certainty(rise, limit, 'above')}"
    )
    severity = _severity(rise, limit)
    if severity == ALERT and performance.extra_cost is not None:
        said += f"; {number_text(round(performance.extra_cost))} {currency} in all"
    return Alert(severity, COST, COST_PER_ROW, said, rise.change, limit)


def _severity(change: Interval, limit: float) -> str:
    return ALERT if change.low is not None and change.low > limit else WARNING


def _certainty(change: Interval, limit: float, side: str) -> str:
    if change.low is None:
        return "too little was seen to rule out chance"
    if change.low > limit:
        return f"with 95 % confidence at least {percent(change.low)} {side} it"
    return "days differ enough for this to be chance"


def traffic_alerts(requests: Requests, spec: Spec, *, scope: str) -> Iterator[Alert]:
    """Tell of requests that failed, and of slow ones, beyond what the service promises.

    A rehearsal's latency says how fast the code is, not how fast the service: it only warns.
    """
    allowed = 1 - spec.sla.success_rate
    failed = binomial_bounds(successes=int(requests.failed.sum()), trials=len(requests))
    if failed is not None and failed.share > allowed:
        said = f"{percent(failed.share)} of {len(requests):,} requests failed; {percent(allowed)} may"
        yield Alert(ALERT if failed.low > allowed else WARNING, ERRORS, FAILURES, said, failed.share, allowed)
    limit, latency = spec.sla.latency_p99_ms, requests.latency_ms
    slow = quantile_bounds(latency, 0.99)
    if slow.value is not None and slow.value > limit:
        is_sure = slow.low is not None and slow.low > limit and scope != REHEARSAL
        said = f"one request in 100 takes {number_text(slow.value)} ms or longer; {number_text(limit)} ms are promised"
        yield Alert(ALERT if is_sure else WARNING, LATENCY, P99, said, slow.value, limit)


def held_back(alerts: Iterable[Alert], why: str) -> tuple[Alert, ...]:
    """Turn what is said of data and outcomes into warnings; what the service promises holds at any time."""
    held = (
        each
        if each.kind in {ERRORS, LATENCY, STALENESS} or each.severity != ALERT
        else replace(each, severity=WARNING, message=f"{each.message}; {why}")
        for each in alerts
    )
    return most_urgent_first(held)


def most_urgent_first(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Order alerts before warnings, what it costs before what moved."""
    order = (COST, PERFORMANCE, ERRORS, LATENCY, STALENESS, COVERAGE, PREDICTION_DRIFT, DATA_DRIFT)
    return tuple(sorted(alerts, key=lambda each: (each.severity != ALERT, order.index(each.kind))))


def _moved(kind: str, drift: FeatureDrift, what: str, acceptance: Acceptance) -> Alert:
    """Tell the PSI and its limit; where that lies within its own, the p-value that strict drift goes by."""
    words = f"now {drift.now}, was {drift.then}"
    if drift.is_far or drift.p_value is None:
        said = f"{what}: PSI {drift.psi:.2f}, limit {drift.limit:.2g}; {words}"
        return Alert(ALERT, kind, drift.column, said, drift.psi, drift.limit)
    limit = acceptance.drift_p_value
    said = f"{what}: p {drift.p_value:.2g}, limit {limit:.2g} (strict drift; PSI {drift.psi:.2f}); {words}"
    return Alert(ALERT, kind, drift.column, said, drift.p_value, limit)

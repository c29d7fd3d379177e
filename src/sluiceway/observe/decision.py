"""The retrain decision: whether what was seen asks for a new model, in reasons that a person can check."""

from collections.abc import Callable, Sequence

from sluiceway.artifacts.health_report import (
    ALERT,
    COST,
    DATA_DRIFT,
    DRIFT,
    INCONCLUSIVE,
    PERFORMANCE,
    PREDICTION_DRIFT,
    SEASONAL,
    Alert,
    RetrainDecision,
    Window,
)
from sluiceway.pages.health_headline import period
from sluiceway.pages.number_text import since_text

NAMED = 3


def decide(windows: Sequence[Window]) -> RetrainDecision:
    """Train again where F1 or cost alert, or where predictions and data drifted together.

    Each is taken from the newest window in which it could be judged: outcomes come later than requests, and what has
    passed again asks for nothing. But a window that goes on overrules what an earlier one alerted for only where its
    bound shows recovery. Windows that have just begun are left out, and the
    reference's own.
    """
    new = [window for window in windows if not window.is_reference]
    if windows and not any(window.traffic.requests for window in new):
        return RetrainDecision(retrain=False, reasons=("nothing was asked but what it was judged by before",))
    windows = [window for window in new if not window.is_early]
    scored, worse = _standing(windows, _is_scored, bool, COST, PERFORMANCE)
    seen, moved = _standing(windows, _is_seen, _together, DATA_DRIFT, PREDICTION_DRIFT)
    reasons = [_because(alert, scored) for alert in worse] if scored else []
    drifted = [alert for alert in moved if alert.kind == DATA_DRIFT]
    if seen and _together(moved):
        reasons.append(
            f"{period(seen)}: the predictions moved together with {_named([each.subject for each in drifted])}"
        )
    if reasons:
        return RetrainDecision(retrain=True, reasons=tuple(reasons))
    return RetrainDecision(retrain=False, reasons=tuple(_why_not(scored, seen, drifted)))


def _is_scored(window: Window) -> bool:
    return window.performance is not None and window.performance.cost_change.high is not None


def _is_seen(window: Window) -> bool:
    return window.prediction is not None and window.prediction.verdict != INCONCLUSIVE


def _together(alerts: Sequence[Alert]) -> bool:
    return {alert.kind for alert in alerts} >= {DATA_DRIFT, PREDICTION_DRIFT}


def _standing(
    windows: Sequence[Window], judged: Callable[[Window], bool], asks: Callable[[Sequence[Alert]], bool], *kinds: str
) -> tuple[Window | None, list[Alert]]:
    """Find the newest window whose alerts ask for a new model and still stand, or else the newest, with its alerts."""
    newer: list[Window] = []
    for window in filter(judged, reversed(windows)):
        alerts = [each for each in _sent(window, *kinds) if not any(_overrules(later, each) for later in newer)]
        if asks(alerts):
            return window, alerts
        newer.append(window)
    return (newer[0], _sent(newer[0], *kinds)) if newer else (None, [])


def _overrules(later: Window, alert: Alert) -> bool:
    """Whether a later window takes an alert back: it is complete, or even its bound lies within the limit."""
    if later.is_over or alert.limit is None:
        return True
    scored = later.performance
    if alert.kind == COST:
        worst = scored.cost_change.high if scored else None
    elif alert.kind == PERFORMANCE:
        worst = -scored.f1_change.low if scored and scored.f1_change.low is not None else None
    else:
        return _is_back(later, alert.subject)
    return worst is not None and worst <= alert.limit


def _is_back(window: Window, column: str) -> bool:
    """Whether a column's PSI, with what chance may have hidden of it, is within its limit."""
    columns = (*window.drift, *([window.prediction] if window.prediction else []))
    found = next(
        (each for each in columns if each.column == column and each.verdict not in {DRIFT, INCONCLUSIVE}), None
    )
    if found is None or found.psi is None or found.noise_floor is None:
        return False
    return found.psi + found.noise_floor <= found.limit


def _sent(window: Window, *kinds: str) -> list[Alert]:
    return [alert for alert in window.alerts if alert.severity == ALERT and alert.kind in kinds]


def _because(alert: Alert, window: Window) -> str:
    return f"{period(window)}{since_text(alert.since)}: {alert.message}"


def _why_not(scored: Window | None, seen: Window | None, drifted: Sequence[Alert]) -> list[str]:
    if seen is None:
        return ["too few requests were seen to judge by"]
    said = []
    if scored is None:
        said.append("too few outcomes have matured to tell how good the model still is")
    else:
        said.append(f"{period(scored)}: neither F1 nor cost is surely worse than declared")
    seasonal = [each.column for each in seen.drift if each.verdict == SEASONAL]
    if drifted:
        said.append(f"{_named([each.subject for each in drifted])} moved, but the predictions did not")
    elif seasonal:
        said.append(f"{_named(seasonal)} moved, no further than while the model learnt")
    else:
        said.append("no column moved beyond its limit")
    return said


def _named(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - NAMED} more columns" if len(columns) > NAMED else ""
    return f"{', '.join(columns[:NAMED])}{more}"

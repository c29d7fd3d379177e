"""The retrain decision: whether what was seen asks for a new model, in reasons that a person can check."""

from collections.abc import Callable, Sequence

from sluiceway.artifacts.health_report import ALERT, Alert, RetrainDecision, Window
from sluiceway.observe.alerts import COST, DATA_DRIFT, PERFORMANCE, PREDICTION_DRIFT
from sluiceway.observe.drift import INCONCLUSIVE, SEASONAL
from sluiceway.pages.health_headline import period

NAMED = 3


def decide(windows: Sequence[Window]) -> RetrainDecision:
    """Train again where F1 or cost alert, or where predictions and data drifted together.

    Each is taken from the newest window in which it could be judged: outcomes come later than requests, and what has
    passed again asks for nothing. Windows that have just begun are left out.
    """
    windows = [window for window in windows if not window.is_early]
    scored = _newest(windows, _is_scored)
    seen = _newest(windows, _is_seen)
    reasons = [_because(alert, scored) for alert in _sent(scored, COST, PERFORMANCE)] if scored else []
    drifted = _sent(seen, DATA_DRIFT) if seen else []
    if seen and drifted and _sent(seen, PREDICTION_DRIFT):
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


def _newest(windows: Sequence[Window], judged: Callable[[Window], bool]) -> Window | None:
    return next((window for window in reversed(windows) if judged(window)), None)


def _sent(window: Window, *kinds: str) -> list[Alert]:
    return [alert for alert in window.alerts if alert.severity == ALERT and alert.kind in kinds]


def _because(alert: Alert, window: Window) -> str:
    since = f", since {alert.since:%Y-%m-%d}" if alert.since else ""
    return f"{period(window)}{since}: {alert.message}"


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

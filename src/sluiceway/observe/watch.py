"""Watching one window: everything measured in it, and what somebody should know. Drills go through the same."""

from itertools import chain

from sluiceway.artifacts.health_report import Window
from sluiceway.declare.spec import Spec
from sluiceway.observe import performance, traffic
from sluiceway.observe.alerts import drift_alerts, most_urgent_first, performance_alerts, traffic_alerts
from sluiceway.observe.drift import feature_drift, prediction_drift
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import Rows
from sluiceway.observe.spans import Span
from sluiceway.observe.traffic import Requests
from sluiceway.observe.view_alerts import view_alerts
from sluiceway.observe.view_health import view_health


def watch(span: Span, rows: Rows, requests: Requests, *, reference: Reference, spec: Spec, scope: str) -> Window:
    """Measure a window against the reference.

    Args:
        span: Its time; rows and requests are those within it.
        rows: What the served version answered.
        requests: The traffic, whoever answered.
        reference: What to compare with.
        spec: Holds limits, costs and the service level.
        scope: ``live`` or ``rehearsal``.
    """
    drift = feature_drift(rows, reference, spec.acceptance)
    prediction = prediction_drift(rows, reference, spec.acceptance)
    scored = performance.measure(rows, reference, spec.costs)
    views = view_health(rows, reference.views, spec.acceptance)
    alerts = chain(
        drift_alerts(drift, prediction, spec.acceptance),
        performance_alerts(scored, spec),
        traffic_alerts(requests, spec, scope=scope),
        view_alerts(views, spec.acceptance),
    )
    return Window(
        began=span.began,
        ended=span.ended,
        traffic=traffic.measure(requests),
        drift=drift,
        prediction=prediction,
        performance=scored,
        alerts=most_urgent_first(alerts),
        views=views,
    )

"""Feature words: a feature's definition, as one would say it."""

from sluiceway.declare.feature import LAST, Feature
from sluiceway.declare.feature_view import FeatureView

AGGREGATES = {
    "mean": "mean of {}",
    "sum": "sum of {}",
    "min": "least {}",
    "max": "greatest {}",
    "std": "standard deviation of {}",
    "count": "number of present {}",
}


def definition(view: FeatureView, feature: Feature) -> str:
    """Say what a view's feature is.

    >>> from sluiceway.declare.feature_builders import mean
    >>> from sluiceway.declare.source import Source
    >>> landed = Source("landings", sql="unused", key="id", event_time="landed_at")
    >>> view = FeatureView("delays", "carrier", landed, [mean("arr_delay", over="24h")])
    >>> definition(view, view.features[0])
    'mean of arr_delay over the last 24h, of landings by carrier, in steps of 5m'
    """
    if feature.expression is not None:
        return f"{feature.expression}, of the view's other features"
    where = f" where {feature.where}" if feature.where else ""
    about = f"of {view.source.name} by {', '.join(view.entities)}{where}"
    if not feature.is_window:
        aged = f", missing once it is older than {view.ttl}" if view.ttl else ""
        return f"{_latest(feature)}, {about}{aged}"
    what = _aggregate(feature)
    steps = "up to the moment" if feature.fresh else f"in steps of {view.every}"
    return f"{what} over the last {feature.over}, {about}, {steps}"


def _latest(feature: Feature) -> str:
    return f"{feature.kind} {feature.column}{'' if feature.size is None else f', its {feature.size} numbers'}"


def _aggregate(feature: Feature) -> str:
    if feature.column is None:
        return "number of rows"
    if feature.kind == LAST:
        return f"last {feature.size} values of {feature.column}, the newest first,"
    return AGGREGATES.get(feature.kind, f"{feature.kind.replace('_', ' ')} of {{}}").format(feature.column)


def window_words(view: FeatureView, feature: Feature) -> str:
    """Say in short over which window a feature is taken."""
    if feature.is_window:
        return str(feature.over)
    if feature.expression is not None:
        return "derived"
    return f"latest, ttl {view.ttl}" if view.ttl else "latest"

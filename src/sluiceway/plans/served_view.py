"""Served views: a declared view as servers know it, without its source and its expressions."""

from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.moments_sql import length


def served(view: FeatureView) -> ServedView:
    """Reduce a view to what reading it online takes."""
    latest = [name for feature in view.features if feature.is_latest for name in view.columns_of(feature)]
    aged = tuple(latest) if view.ttl else ()
    return ServedView(
        name=view.name,
        digest=view.digest,
        entities=view.entities,
        columns=view.columns,
        aged=aged,
        ttl_us=length(view.ttl) if view.ttl and aged else None,
    )

"""Declared features: what the declaration alone says of each, before there are data."""

from collections.abc import Iterator

from sluiceway.artifacts.catalogue import Entry
from sluiceway.core.digest import digest_of
from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.pipeline import Pipeline

UNKNOWN = "unknown"


def declared_entries(pipeline: Pipeline) -> Iterator[Entry]:
    """Yield every feature, in the order of the declaration."""
    for view in pipeline.feature_views:
        for feature in view.features:
            yield from (_of_view(view, feature, name) for name in view.columns_of(feature))
    each = pipeline.label.each.name
    for name, expression in pipeline.request_columns.items():
        columns, digest = tuple(expression.columns), digest_of([name, expression.text])
        yield Entry(name, "request", each, "request", expression.text, digest, columns, type=UNKNOWN)


def _of_view(view: FeatureView, feature: Feature, name: str) -> Entry:
    """Tell what the declaration says of one of a feature's columns; of windows and lists that is also its type."""
    from sluiceway.plans.feature_words import definition, window_words

    return Entry(
        name=name,
        origin="view",
        source=view.source.name,
        window=window_words(view, feature),
        definition=definition(view, feature),
        digest=view.digest,
        columns=tuple(sorted(view.reads(feature))),
        view=view.name,
        type="number" if feature.is_window or feature.size is not None else UNKNOWN,
        unit=feature.unit,
        owner=view.owner,
        description=feature.description or view.description,
        tags=tuple(dict.fromkeys((*view.tags, *feature.tags))),
        entity=view.entities,
        one_of=f"{view.name}__{feature.name}" if feature.is_list else "",
        size=(feature.size or 0) if feature.is_list else 0,
    )

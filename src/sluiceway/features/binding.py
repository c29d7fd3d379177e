"""Binding: a pipeline's views, label and inputs set beside the columns that the data really has."""

from collections.abc import Mapping, Sequence

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.table_ref import NUMBERS
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.declare.expression import bind_expression
from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.pipeline import Pipeline
from sluiceway.plans.derived import STORED, feature_kinds
from sluiceway.plans.distinct import COUNTED
from sluiceway.plans.request_columns import request_kinds

NUMERIC = ("integer", "number", "boolean")
KEYABLE = ("integer", "text", "boolean")
LISTS = (NUMBERS, "text")
SIZED = "; of a list say how many numbers it has, as in sw.latest('embedding', size=64)"
AS_FEATURES = "take its numbers as features by a view with sw.latest(…, size=…)"

Kinds = Mapping[str, str]


def kinds_of(dataset: DatasetVersion, source: str) -> dict[str, str]:
    """Give each column of a source's table with its kind, as in ``artifacts.table_ref``."""
    return {column.name: column.type for column in dataset.table(source).columns}


def check_binding(dataset: DatasetVersion, pipeline: Pipeline, inputs: Sequence[str]) -> None:
    """Refuse what the data cannot give, before anything is computed.

    Raises:
        UnknownNameError: a column that a source lacks.
        MisuseError: a column of a type that cannot serve as declared, or a name given twice.
        DeclarationError: an expression that the columns' types forbid.
    """
    label = pipeline.label
    each = kinds_of(dataset, label.each.name)
    for name in (*inputs, *label.each.keys):
        if _kind(each, name, "column") == NUMBERS:
            raise MisuseError(f"{name!r} is a list of numbers, which is neither an input nor a key; {AS_FEATURES}")
    entities = [name for view in pipeline.feature_views for name in view.entities]
    taken = {name.lower() for name in (*inputs, *entities, *label.each.keys)}
    bind_expression(label.moment, each)
    bind_expression(label.condition, kinds_of(dataset, label.source.name))
    for view in pipeline.feature_views:
        _check_view(view, kinds_of(dataset, view.source.name), each)
    kinds = requested_kinds(dataset, pipeline, inputs)
    for name, expression in pipeline.request_columns.items():
        if name.lower() in taken:
            raise MisuseError(f"request feature {name!r} has the name of an input, an entity or a key; give it another")
        if kinds[name] not in STORED:
            raise MisuseError(f"request feature {name!r} is neither a number nor a text: {expression.text}")


def check_view(dataset: DatasetVersion, view: FeatureView) -> None:
    """Refuse what a view's source cannot give, whatever else is declared. Raises as ``check_binding`` does."""
    kinds = kinds_of(dataset, view.source.name)
    _check_view(view, kinds, kinds)


def looked_up_kinds(dataset: DatasetVersion, pipeline: Pipeline) -> dict[str, str]:
    """Give each column of the views with what it is stored as: number or text."""
    found: dict[str, str] = {}
    for view in pipeline.feature_views:
        stored = feature_kinds(view, kinds_of(dataset, view.source.name))
        found |= dict(zip(view.columns, stored.values(), strict=True))
    return found


def requested_kinds(dataset: DatasetVersion, pipeline: Pipeline, inputs: Sequence[str]) -> dict[str, str]:
    """Give each request feature with the kind of its value.

    Raises:
        DeclarationError: an expression names neither an input, nor a view's column, nor a request feature before it.
    """
    each = kinds_of(dataset, pipeline.label.each.name)
    known = looked_up_kinds(dataset, pipeline) | {name: each[name] for name in inputs}
    return request_kinds(pipeline.request_columns, known)


def _check_view(view: FeatureView, kinds: Kinds, each: Kinds) -> None:
    for name in view.entities:
        here, there = _kind(kinds, name, "column"), _kind(each, name, "column")
        if here != there or here not in KEYABLE:
            raise MisuseError(
                f"view {view.name!r}: entity {name!r} is {here} in source {view.source.name!r} and {there} where "
                f"predictions are made; it must be the same in both, one of {', '.join(KEYABLE)}; "
                "CAST it in the source's sql"
            )
    topic = view.source.stream
    for name in (*view.source.keys, *(topic.keys if topic else ())):
        _kind(kinds, name, "column")
    for feature in view.features:
        for name in sorted(feature.reads):
            _kind(kinds, name, "column")
        if feature.column is not None:
            _check_feature(view, feature, kinds[feature.column])
        if feature.condition is not None and bind_expression(feature.condition, kinds) != "boolean":
            raise MisuseError(
                f"view {view.name!r}, feature {feature.name!r}: where={feature.where!r} is no condition; it must be "
                'true or false of a fact, such as "distance > 1000"'
            )
    feature_kinds(view, kinds)


def _check_feature(view: FeatureView, feature: Feature, kind: str) -> None:
    latest = LISTS if feature.size is not None else (*NUMERIC, "text")
    allowed = {"latest": latest, "count_distinct": COUNTED}.get(feature.kind, NUMERIC)
    if feature.kind != "count" and kind not in allowed:
        raise MisuseError(
            f"view {view.name!r}, feature {feature.name!r}: {feature.kind} of {feature.column!r}, which is {kind}; "
            f"it must be one of {', '.join(allowed)}{SIZED if kind == NUMBERS and feature.is_latest else ''}"
        )


def _kind(kinds: Kinds, name: str, what: str) -> str:
    try:
        return kinds[name]
    except KeyError:
        raise UnknownNameError(what, name, kinds) from None

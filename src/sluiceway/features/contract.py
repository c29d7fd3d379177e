"""The contract: what serving needs of the declaration, taken from it where the columns' kinds are known."""

from collections.abc import Iterator, Sequence

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.promise import Hidden, nothing_hidden
from sluiceway.artifacts.serving_contract import Field, RequestFeature, ServingContract
from sluiceway.declare.expression_kind import column_named
from sluiceway.declare.pipeline import Pipeline
from sluiceway.features.binding import kinds_of, looked_up_kinds, requested_kinds
from sluiceway.plans.derived import STORED
from sluiceway.plans.sensitive_features import sensitive_features
from sluiceway.plans.served_view import served


def serving_contract(
    dataset: DatasetVersion, pipeline: Pipeline, inputs: Sequence[str], hidden: Hidden = nothing_hidden
) -> ServingContract:
    """Say what a request must and may hold, which views are read for it, and what is computed from it alone.

    Args:
        dataset: The sources, whose columns give the fields their kinds.
        pipeline: The declaration, already bound to the dataset.
        inputs: What a caller has at inference time, in the spec's order.
        hidden: Names the sensitive columns of a source.
    """
    each, kinds = pipeline.label.each, kinds_of(dataset, pipeline.label.each.name)
    entities = [name for view in pipeline.feature_views for name in view.entities]
    asked = tuple(dict.fromkeys([*inputs, *entities]))
    return ServingContract(
        inputs=tuple(Field(name, kinds[name]) for name in asked),
        key=tuple(Field(name, kinds[name]) for name in each.keys if name not in asked),
        views=tuple(served(view) for view in pipeline.feature_views),
        request=tuple(_request_features(dataset, pipeline, inputs)),
        unlogged=sensitive_features(pipeline, asked, hidden),
    )


def _request_features(dataset: DatasetVersion, pipeline: Pipeline, inputs: Sequence[str]) -> Iterator[RequestFeature]:
    """Give each with what it reads of views and of those before it."""
    kinds = requested_kinds(dataset, pipeline, inputs)
    offered = looked_up_kinds(dataset, pipeline)
    asked = {name.lower() for name in inputs}
    for name, expression in pipeline.request_columns.items():
        read = {column_named(column, offered) for column in expression.columns if column.lower() not in asked}
        reads = tuple(Field(column, offered[column]) for column in sorted(read))
        yield RequestFeature(name, expression.text, expression.tree, reads)
        offered[name] = STORED.get(kinds[name], "text")

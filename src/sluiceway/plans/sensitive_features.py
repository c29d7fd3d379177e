"""Sensitive features: inputs and model columns whose values nobody may see, as they come of sensitive columns."""

from collections.abc import Sequence

from sluiceway.artifacts.promise import Hidden
from sluiceway.declare.pipeline import Pipeline


def sensitive_features(pipeline: Pipeline, inputs: Sequence[str], hidden: Hidden) -> tuple[str, ...]:
    """Name the inputs and the model's columns that are sensitive, or that come of sensitive columns.

    Args:
        pipeline: The declaration, bound to its data.
        inputs: What a caller has at inference time.
        hidden: Names the sensitive columns of a source, in small letters.
    """
    here = hidden(pipeline.label.each.name)
    found = [name for name in inputs if name.lower() in here]
    for view in pipeline.feature_views:
        there = hidden(view.source.name)
        hides = [each for each in view.features if any(name.lower() in there for name in view.reads(each))]
        found += [name for each in hides for name in view.columns_of(each)]
    for name, expression in pipeline.request_columns.items():
        secret = {*here, *(each.lower() for each in found)}
        found += [name] if any(column.lower() in secret for column in expression.columns) else []
    return tuple(dict.fromkeys(found))

"""Spine rows: ``plans.spine`` over a dataset's own tables."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from sluiceway.declare.expression import Expression
from sluiceway.declare.pipeline import Label, Pipeline
from sluiceway.features.binding import kinds_of
from sluiceway.features.failing_rows import of_label, told_of
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.request_columns import from_request_alone
from sluiceway.plans.spine import spine_sql


def spine_rows(facts: Facts, pipeline: Pipeline, inputs: Sequence[str]) -> pa.Table:
    """Give every prediction with the key, the inputs, the entities, what the request alone tells, and its outcome."""
    entities = [name for view in pipeline.feature_views for name in view.entities]
    columns = list(dict.fromkeys([*pipeline.label.each.keys, *inputs, *entities]))
    return label_rows(
        facts, pipeline.label, columns=columns, request=from_request_alone(pipeline.request_columns, inputs)
    )


def label_rows(facts: Facts, label: Label, *, columns: Sequence[str], request: Mapping[str, Expression]) -> pa.Table:
    """Give every prediction with some columns of the label's ``each``, some computed of them, and what came of it."""
    dataset = facts.dataset
    outcome_columns = sorted(name for name in kinds_of(dataset, label.source.name) if not name.startswith("_"))
    sql = spine_sql(label, columns=columns, request=request, outcome_columns=outcome_columns, cutoff=facts.cutoff)
    each, outcomes = (facts.whole(source.name) for source in (label.each, label.source))
    suspects = of_label(label, each=each, outcomes=outcomes)
    with told_of(suspects, facts.engine, what=f"label {label.name!r}"):
        return facts.ask(sql, each=each, outcomes=outcomes)

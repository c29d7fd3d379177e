"""Spine rows: ``plans.spine`` over a dataset's own tables."""

from collections.abc import Sequence

import pyarrow as pa

from sluiceway.declare.pipeline import Pipeline
from sluiceway.features.binding import kinds_of
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.spine import spine_sql


def spine_rows(facts: Facts, pipeline: Pipeline, inputs: Sequence[str]) -> pa.Table:
    """Give every prediction with the key, the inputs, the entities and the request's features, and what came of it."""
    label, dataset = pipeline.label, facts.dataset
    entities = [name for view in pipeline.feature_views for name in view.entities]
    columns = list(dict.fromkeys([*label.each.keys, *inputs, *entities]))
    outcome_columns = sorted(name for name in kinds_of(dataset, label.source.name) if not name.startswith("_"))
    sql = spine_sql(
        label, columns=columns, request=pipeline.request_columns, outcome_columns=outcome_columns, cutoff=facts.cutoff
    )
    each, outcomes = (facts.tables.read(dataset.table(source.name)) for source in (label.each, label.source))
    return facts.ask(sql, each=each, outcomes=outcomes)

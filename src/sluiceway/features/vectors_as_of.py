"""Vectors as of: what the model would have been given for each logged request, had it been computed offline.

Nothing is taken from the log but the moment and the raw inputs: views are computed by the batch plan as of each
request's moment, the request's features by SQL.
"""

from collections.abc import Sequence

import pyarrow as pa

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.declare.pipeline import Pipeline
from sluiceway.features.binding import requested_kinds
from sluiceway.features.point_in_time import Facts, features_at
from sluiceway.features.training_table import model_columns
from sluiceway.plans.partials import single
from sluiceway.plans.quoting import quoted
from sluiceway.plans.request_columns import requested_sql
from sluiceway.plans.request_log import INPUT


def vectors_as_of(facts: Facts, pipeline: Pipeline, inputs: Sequence[str], requests: pa.Table) -> pa.Table:
    """Compute the model's columns for each request, in the order given: numbers as doubles, the rest as text.

    Args:
        facts: The sources, as far as anything was known by the last request.
        pipeline: Whose views and request features these are.
        inputs: What a caller has at inference time, in the spec's order.
        requests: Logged requests (see ``plans.request_log``), of which ``at`` and the inputs are read.
    """
    entities = [name for view in pipeline.feature_views for name in view.entities]
    spine = _spine(requests, list(dict.fromkeys([*inputs, *entities])))
    views = {
        f"view_{number}": features_at(facts, view, spine.select(["_row", "_at", *view.entities]))
        for number, view in enumerate(pipeline.feature_views)
    }
    columns = model_columns(facts.dataset, pipeline, inputs)
    values = ", ".join(map(_value, columns))
    joined = "SELECT * FROM spine" + "".join(f" LEFT JOIN {name} USING (_row)" for name in views)
    kinds = requested_kinds(facts.dataset, pipeline, inputs)
    rows = requested_sql(joined, pipeline.request_columns, kinds, made=())
    made = facts.ask(f"SELECT _row, {values} FROM ({rows}) ORDER BY _row", spine=spine, **views)
    return made.drop_columns(["_row"])


def _spine(requests: pa.Table, names: Sequence[str]) -> pa.Table:
    taken = {name: requests.column(INPUT + name) for name in names}
    rows = pa.array(range(requests.num_rows), pa.int64())
    return pa.table({"_row": rows, "_at": requests.column("at"), **taken})


def _value(column: FeatureColumn) -> str:
    name = quoted(column.name)
    if column.origin != "input":
        return name
    return f"{single(name) if column.type == 'number' else f'CAST({name} AS VARCHAR)'} AS {name}"

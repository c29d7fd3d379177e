"""The training table: which columns it has, and how the spine and the views become one.

Numbers are stored as doubles that float32 holds, texts and booleans as text. Columns that the model does not take stay
in the table where they cannot be told from those it does: times under their own names, and numbers as they came under
``_raw_`` and their name. The label's key is never changed, also where it is an input.
"""

from collections.abc import Sequence

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import AT, LABEL, LABEL_KNOWN, FeatureColumn
from sluiceway.artifacts.table_ref import NUMERIC
from sluiceway.declare.pipeline import Pipeline
from sluiceway.features.binding import kinds_of, looked_up_kinds, requested_kinds
from sluiceway.plans.partials import single
from sluiceway.plans.quoting import listed, quoted
from sluiceway.plans.request_columns import from_request_alone, requested_sql


def model_columns(dataset: DatasetVersion, pipeline: Pipeline, inputs: Sequence[str]) -> tuple[FeatureColumn, ...]:
    """List the model's columns: inputs that are no times, then the views' features, then the request's."""
    each = kinds_of(dataset, pipeline.label.each.name)
    columns = [FeatureColumn(name, _type(each[name]), "input") for name in inputs if each[name] != "time"]
    columns += [FeatureColumn(name, kind, "view") for name, kind in looked_up_kinds(dataset, pipeline).items()]
    requested = requested_kinds(dataset, pipeline, inputs)
    return (*columns, *(FeatureColumn(name, _type(kind), "request") for name, kind in requested.items()))


def _type(kind: str) -> str:
    return "number" if kind in NUMERIC else "text"


def training_sql(dataset: DatasetVersion, pipeline: Pipeline, inputs: Sequence[str]) -> str:
    """Join ``spine`` with ``view_0``, ``view_1`` and so on, by ``_row``, in the order of the spine."""
    keys = pipeline.label.each.keys
    each = kinds_of(dataset, pipeline.label.each.name)
    columns = [listed(keys, "spine"), f"spine.{AT}", f"spine.{LABEL}", f"spine.{LABEL_KNOWN}"]
    columns += [
        _value(column) if column.origin == "input" else f"spine.{quoted(column.name)}"
        for column in model_columns(dataset, pipeline, inputs)
        if column.name not in keys
    ]
    entities = [name for view in pipeline.feature_views for name in view.entities]
    for name in dict.fromkeys([*inputs, *entities]):
        if name in keys:
            continue
        if each[name] in NUMERIC:
            columns.append(f"spine.{quoted(name)} AS {quoted('_raw_' + name)}")
        elif each[name] == "time" or name not in inputs:
            columns.append(f"spine.{quoted(name)}")
    views = "".join(f" LEFT JOIN view_{index} USING (_row)" for index in range(len(pipeline.feature_views)))
    request = pipeline.request_columns
    kinds, made = requested_kinds(dataset, pipeline, inputs), from_request_alone(request, inputs)
    rows = requested_sql(f"SELECT * FROM spine{views}", request, kinds, made=made)
    return f"SELECT {', '.join(columns)} FROM ({rows}) spine ORDER BY _row"


def _value(column: FeatureColumn) -> str:
    name = f"spine.{quoted(column.name)}"
    return f"{single(name) if column.type == 'number' else f'CAST({name} AS VARCHAR)'} AS {quoted(column.name)}"

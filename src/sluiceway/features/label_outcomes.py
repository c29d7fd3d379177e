"""Label outcomes: what came of each prediction that was due, as far as it is known."""

from typing import TYPE_CHECKING

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import AT, LABEL, LABEL_KNOWN
from sluiceway.declare.pipeline import Label
from sluiceway.features.binding import kinds_of
from sluiceway.plans.spine import spine_sql
from sluiceway.ports.engine import Engine
from sluiceway.ports.table_store import TableStore

if TYPE_CHECKING:
    import pyarrow as pa


def label_outcomes(
    dataset: DatasetVersion, label: Label, *, tables: TableStore, engine: Engine, cutoff: int
) -> "pa.Table":
    """Return the label's key, ``_at``, ``_label`` (0, 1 or null) and ``_label_known_time`` of every prediction.

    Args:
        dataset: The sources.
        label: What is predicted.
        tables: Where the sources' tables are.
        engine: Computes the plan.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
    """
    outcome_columns = sorted(name for name in kinds_of(dataset, label.source.name) if not name.startswith("_"))
    sql = spine_sql(label, columns=label.each.keys, request={}, outcome_columns=outcome_columns, cutoff=cutoff)
    each, outcomes = (tables.read(dataset.table(source.name)) for source in (label.each, label.source))
    known = engine.query(sql, {"each": each, "outcomes": outcomes})
    return known.select([*label.each.keys, AT, LABEL, LABEL_KNOWN])

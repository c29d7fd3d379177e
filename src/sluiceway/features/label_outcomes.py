"""Label outcomes: what came of each prediction that was due, as far as it is known."""

from typing import TYPE_CHECKING

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import AT, LABEL, LABEL_KNOWN
from sluiceway.declare.pipeline import Label
from sluiceway.features.point_in_time import Facts
from sluiceway.features.spine_rows import label_rows
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
    known = label_rows(Facts(dataset, tables, engine, cutoff), label, columns=label.each.keys, request={})
    return known.select([*label.each.keys, AT, LABEL, LABEL_KNOWN])

"""Known outcomes: what has come of predictions, by the newest dataset and up to the project's present."""

from datetime import datetime
from typing import TYPE_CHECKING

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.declare.pipeline import Label
from sluiceway.flow.kit import Kit
from sluiceway.plans.moments_sql import microseconds

if TYPE_CHECKING:
    import pyarrow as pa

NEVER = 2**63 - 1


def known_outcomes(kit: Kit, dataset: DatasetVersion, label: Label, *, as_of: datetime | None) -> "pa.Table":
    """Return the outcomes that a dataset tells of; ``as_of`` (UTC) leaves out what became known later."""
    from sluiceway.features.label_outcomes import label_outcomes

    cutoff = NEVER if as_of is None else microseconds(as_of)
    return label_outcomes(dataset, label, tables=kit.tables, engine=kit.engine, cutoff=cutoff)

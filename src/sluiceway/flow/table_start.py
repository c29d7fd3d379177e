"""Table starts: what the newest dataset that passed gate 3 has of a source, for a stream of it that begins."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, DatasetVersion
from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.flow.kit import Kit
from sluiceway.flow.newest_dataset import newest_dataset
from sluiceway.flow.reference import dataset_versions, passed_before
from sluiceway.ingest.landed_events import event_parts, known_event_landing

if TYPE_CHECKING:
    from sluiceway.streams.beginning import TableStart
    from sluiceway.streams.stream_plan import StreamPlan


def table_start(plan: "StreamPlan", origin: tuple[str, str], kit: Kit) -> "TableStart | None":
    """Tell what a table has for a stream, and how far its topic has landed in it.

    Args:
        plan: The stream.
        origin: The kind of place where its events are, and the topic; those of others have offsets of their own.
        kit: Knows the datasets.

    Returns:
        Nothing where the table lacks a column that the stream reads, or where it is not known any more how far the
        topic has landed in it.
    """
    from sluiceway.streams.beginning import TableStart

    dataset = starting_dataset(plan.source.name, kit)
    landed = landed_in(dataset, plan.source.name, origin, kit)
    columns = {each.name for each in dataset.table(plan.source.name).columns}
    if landed is None or not columns.issuperset(plan.columns):
        return None
    rows = kit.tables.scan(dataset.table(plan.source.name)).select(*plan.columns, EVENT_TIME, KNOWN_TIME)
    return TableStart(rows, plan.kinds, tuple(landed))


def starting_dataset(source: str, kit: Kit) -> DatasetVersion:
    """Choose the newest dataset that passed gate 3 and has a source; before any does, the newest."""
    versions = dataset_versions(kit)
    passed = [versions[each] for each in passed_before("", kit) if each in versions]
    fitting = [each for each in passed if f"sources/{source}" in {table.name for table in each.tables}]
    return fitting[-1] if fitting else newest_dataset(kit)


def landed_in(
    dataset: DatasetVersion, source: str, origin: tuple[str, str], kit: Kit
) -> Sequence[LandedPartition] | None:
    """Tell how far a topic has landed in a dataset; ``None`` where nobody knows."""
    landing = known_event_landing(source, kit.objects)
    parts = [each.sha256 for each in event_parts(dataset.files, source)]
    if landing is None:
        return () if not parts else None
    point = landing.point(parts)
    if point is None:
        return None if parts else ()
    return point.partitions if point.origin == origin else ()

"""Table starts: what the newest dataset that passed gate 3 has of a source, for a stream of it that begins."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, TABLES_FOLDER, DatasetVersion
from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.flow.kit import Kit
from sluiceway.flow.newest_dataset import newest_dataset
from sluiceway.flow.reference import dataset_versions, passed_before
from sluiceway.ingest.landed_events import event_parts, known_event_landing

if TYPE_CHECKING:
    from sluiceway.streams.stream_plan import StreamPlan
    from sluiceway.streams.table_start import TableStart


def table_start(
    plan: "StreamPlan", origin: tuple[str, str], kit: Kit, *, say: Callable[[str], None]
) -> "TableStart | None":
    """Tell what a table has for a stream, and how far its topic has landed in it.

    Args:
        plan: The stream.
        origin: The kind of place where its events are, and the topic; those of others have offsets of their own.
        kit: Knows the datasets.
        say: Hears why a stream begins without the table, if it does.
    """
    from sluiceway.features.binding import kinds_of
    from sluiceway.streams.table_start import TableStart

    source = plan.source.name
    dataset = starting_dataset(source, kit)
    table = dataset.table(source)
    kinds = kinds_of(dataset, source)
    changed = sorted(name for name in plan.columns if kinds.get(name) != plan.kinds[name])
    landed = landed_in(dataset, source, origin, kit)
    if changed or landed is None:
        why = f"has no {plan.kinds[changed[0]]} {changed[0]!r}" if changed else "does not tell how far the topic landed"
        say(
            f"{source}: begins with the oldest message that its topic has, as dataset {dataset.version}, the last to "
            f"pass gate 3, {why}: what is served lacks older rows until the next run that passes"
        )
        return None
    rows = kit.tables.scan(table).select(*plan.columns, EVENT_TIME, KNOWN_TIME)
    return TableStart(rows, plan.kinds, tuple(landed))


def starting_dataset(source: str, kit: Kit) -> DatasetVersion:
    """Choose the newest dataset that passed gate 3 and has a source; before any does, the newest."""
    versions = dataset_versions(kit)
    passed = [versions[each] for each in passed_before("", kit) if each in versions]
    fitting = [each for each in passed if TABLES_FOLDER + source in {table.name for table in each.tables}]
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

"""Earlier facts: what the sources held at a moment, by the dataset versions that are still there."""

from bisect import bisect_right
from datetime import datetime
from typing import TYPE_CHECKING

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.flow.kit import Kit
from sluiceway.flow.reference import dataset_versions
from sluiceway.ledger.making import everything_made

if TYPE_CHECKING:
    from sluiceway.features.point_in_time import Facts


class EarlierFacts:
    """Gives the sources as the version had them that was ingested last before some moment of wall time."""

    def __init__(self, kit: Kit, now: DatasetVersion, cutoff: int) -> None:
        """Look up when each version was made.

        Args:
            kit: Has the ledger and the tables.
            now: The version that is compared with, of which nothing can be learnt.
            cutoff: What became known later is not used; microseconds since the epoch.
        """
        from sluiceway.plans.moments_sql import microseconds

        self._kit, self._now, self._cutoff = kit, now, cutoff
        self._versions = dataset_versions(kit)
        ingested = [(entry, made) for entry, made in everything_made(kit.ledger) if made.node == "ingest"]
        self._when = [microseconds(datetime.fromisoformat(entry.recorded_at)) for entry, _ in ingested]
        self._ids = [made.content_id for _, made in ingested]
        self._facts: dict[str, Facts | None] = {}

    def version_at(self, written_us: int) -> DatasetVersion | None:
        """Return the version that was ingested last before a moment."""
        place = bisect_right(self._when, written_us) - 1
        return None if place < 0 else self._versions.get(self._ids[place])

    def __call__(self, written_us: int) -> "Facts | None":
        """Return the facts of a moment; ``None`` where they are gone, or are those of now."""
        place = bisect_right(self._when, written_us) - 1
        if place < 0 or self._ids[place] == self._now.content_id:
            return None
        content_id = self._ids[place]
        if content_id not in self._facts:
            self._facts[content_id] = self._read(self._versions.get(content_id))
        return self._facts[content_id]

    def _read(self, version: DatasetVersion | None) -> "Facts | None":
        from sluiceway.features.held_tables import HeldTables
        from sluiceway.features.point_in_time import Facts

        if version is None or not all(self._kit.tables.has(table) for table in version.tables):
            return None
        return Facts(version, HeldTables(self._kit.tables), self._kit.engine, self._cutoff)

"""Late messages: what a stream set aside as late for a view and a run landed, as rows of the view's source."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sluiceway.artifacts.dataset_version import DatasetVersion, FileEntry
from sluiceway.artifacts.object_keys import object_key
from sluiceway.core.errors import SourceError, UnknownObjectError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.earlier_facts import EarlierFacts
from sluiceway.flow.kit import Kit
from sluiceway.ports.side_channel import LATE

if TYPE_CHECKING:
    import pyarrow as pa

    from sluiceway.features.point_in_time import Facts
    from sluiceway.features.set_aside import SetAside


class LateMessages:
    """Finds what was late for views. Says what could not be read, once."""

    def __init__(self, kit: Kit, facts: "Facts", earlier: EarlierFacts) -> None:
        """Look at nothing yet; ``earlier`` tells which version was there when."""
        self._kit, self._facts, self._earlier = kit, facts, earlier
        self._landed: dict[str, dict[int, int]] = {}

    def __call__(self, view: FeatureView) -> "SetAside | None":
        """Give what was late for a view, ``None`` where nothing was, or nobody can tell."""
        from sluiceway.features.set_aside import SetAside

        stream = view.source.stream
        if stream is None or self._kit.arriving is None:
            return None
        try:
            aside = self._kit.arriving.side(stream.name).read(view.source.name, LATE)
        except SourceError:
            return None
        late = {(each.partition, each.offset): each.at for each in aside if view.name in each.views}
        rows = self._rows(view, late) if late else None
        if rows is None:
            return None
        return SetAside(view, rows, self._facts, lambda written: self._landed_by(view.source.name, written))

    def _rows(self, view: FeatureView, late: Mapping[tuple[int, int], int | None]) -> "pa.Table | None":
        """Read late messages from where they landed, by their places, and make them rows of the source."""
        from sluiceway.ingest.landed_events import known_event_landing
        from sluiceway.plans.corrections import fact_columns
        from sluiceway.plans.parquet_part import decode_part
        from sluiceway.streams.decoding import RowDecoder
        from sluiceway.streams.set_aside_rows import SetAsideRows

        landing = known_event_landing(view.source.name, self._kit.objects)
        if landing is None or any(each.mark for each in landing.partitions):
            return None  # of lanes that are read as one, messages land under other numbers
        parts = [each for each in landing.parts if each.epoch == landing.epoch]
        found = SetAsideRows(RowDecoder(view.source, self._facts.kinds_for(view), fact_columns(view)), late)
        for part in parts:
            if found.wants(part.partition):
                found.add(part.partition, decode_part(self._kit.objects.get(object_key(part.sha256))))
        return found.table(self._facts.rows(view).schema)

    def _landed_by(self, source: str, written_us: int) -> dict[int, int]:
        """Tell which messages had landed in the version that there was at a moment: by partition, before an offset."""
        version = self._earlier.version_at(written_us)
        if version is None:
            return {}
        if version.content_id not in self._landed:
            self._landed[version.content_id] = self._offsets(version, source)
        return self._landed[version.content_id]

    def _offsets(self, version: DatasetVersion, source: str) -> dict[int, int]:
        from sluiceway.ingest.landed_events import event_parts
        from sluiceway.plans.parquet_part import decode_part

        last: dict[int, tuple[int, int, FileEntry]] = {}
        for entry in event_parts(version.files, source):
            epoch, partition, number, *_ = map(int, entry.path.rpartition("/")[2].split("-")[:3])
            if (epoch, number) >= last.get(partition, (0, 0, entry))[:2]:
                last[partition] = (epoch, number, entry)
        ends = {}
        for partition, (_, _, entry) in last.items():
            try:
                offsets = decode_part(self._kit.objects.get(entry.object_key))["offset"]
            except UnknownObjectError:
                continue
            ends[partition] = offsets[-1].as_py() + 1 if len(offsets) else 0
        return ends

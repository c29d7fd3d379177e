"""Late messages: what a stream set aside as late for a view and a run landed, as rows of the view's source."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, DatasetVersion, FileEntry
from sluiceway.artifacts.object_keys import object_key
from sluiceway.core.errors import SourceError, UnknownObjectError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.earlier_facts import EarlierFacts
from sluiceway.flow.kit import Kit
from sluiceway.ports.side_channel import LATE, Aside

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from sluiceway.features.point_in_time import Facts
    from sluiceway.features.set_aside import SetAside

Place = tuple[int, int]  # a partition and an offset


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
        late = {(each.partition, each.offset): each for each in aside if view.name in each.views}
        rows = self._rows(view, late) if late else None
        if rows is None or not rows.num_rows:
            return None
        return SetAside(view, rows, self._facts, lambda written: self._landed_by(view.source.name, written))

    def _rows(self, view: FeatureView, late: Mapping[Place, Aside]) -> "pa.Table | None":
        """Read late messages from where they landed, by their places, and make them rows of the source."""
        import polars as pl

        from sluiceway.features.set_aside import AT, OFFSET, PARTITION
        from sluiceway.ingest.landed_events import known_event_landing
        from sluiceway.plans.corrections import fact_columns
        from sluiceway.plans.parquet_part import decode_part
        from sluiceway.streams.decoding import RowDecoder

        landing = known_event_landing(view.source.name, self._kit.objects)
        parts = [each for each in landing.parts if each.epoch == landing.epoch] if landing else []
        decoder = RowDecoder(view.source, self._facts.kinds_for(view), fact_columns(view))
        frames = []
        for part in parts:
            wanted = {offset for partition, offset in late if partition == part.partition}
            if not wanted:
                continue
            held = decode_part(self._kit.objects.get(object_key(part.sha256)))
            pairs = zip(held["offset"].to_pylist(), held["value"].to_pylist(), strict=True)
            chosen = [(offset, value) for offset, value in pairs if offset in wanted]
            rows = decoder.decode([offset for offset, _ in chosen], [value for _, value in chosen]).rows
            at = [late[part.partition, offset].at for offset in rows[OFFSET]]
            frames.append(
                rows.with_columns(pl.lit(part.partition, pl.Int64).alias(PARTITION), pl.Series(AT, at, pl.Int64))
            )
        return self._as_stored(view, pl.concat(frames)) if frames else None

    def _as_stored(self, view: FeatureView, rows: "pl.DataFrame") -> "pa.Table":
        """Give decoded rows the types that the source's table has."""
        import polars as pl
        import pyarrow as pa

        from sluiceway.features.set_aside import AT, OFFSET, PARTITION
        from sluiceway.plans.corrections import EVENT, KNOWN

        stored = self._facts.rows(view).schema
        rows = rows.rename({EVENT: EVENT_TIME, KNOWN: KNOWN_TIME})
        times = [field.name for field in stored if pa.types.is_timestamp(field.type)]
        rows = rows.with_columns(pl.col(name).cast(pl.Datetime("us", "UTC")) for name in times)
        own = rows.select(stored.names).to_arrow().cast(stored)
        for name in (PARTITION, OFFSET, AT):
            own = own.append_column(name, rows.get_column(name).to_arrow())
        return own

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

"""Landing: an extract's rows written as immutable parts, and added to by what lies at and beyond its cursor."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.landing import Bound, Counted, LandedPart, Landing, landing_key
from sluiceway.artifacts.object_keys import object_key
from sluiceway.core.digest import digest_of, sha256_hex
from sluiceway.core.errors import SourceError, UnknownNameError
from sluiceway.core.moments import iso
from sluiceway.declare.api import Api
from sluiceway.ingest.cursor_gauge import Gauge
from sluiceway.ingest.landed_files import known_landing
from sluiceway.ingest.reading_again import differing, same_rows, schema_of, unexplained
from sluiceway.ingest.unfinished import Unfinished, base_of, forget_begun, known_begun
from sluiceway.plans.parquet_part import decode_part, encode_part
from sluiceway.plans.row_tally import RowTally, SeenRows, without
from sluiceway.plans.table_digest import columns_of
from sluiceway.ports.extractor import Extraction, Extractor, Origin, Since
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress

PART_BYTES = 32 * 1024 * 1024
PART_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Landed:
    """What a look at an origin brought: the landing as it is now, how many rows are new, and why it went as it did."""

    landing: Landing
    new_rows: int
    how: str


@dataclass(slots=True)
class Lander:
    """Lands one source. ``scratch`` is an empty place: parts reach ``objects`` when everything has been read.

    Where rows come by their cursor, and the origin was counted, they do so as they are cut, and a reading that is
    broken off is gone on with (see ``ingest.unfinished``).
    """

    source: str
    origin: Origin
    extractor: Extractor
    objects: ObjectStore
    scratch: ObjectStore
    progress: Progress
    now: datetime
    part_bytes: int = PART_BYTES

    def land(self, *, afresh: bool = False) -> Landed:
        """Bring in what is new at the origin. A kill at any moment leaves the landing as it was.

        With a cursor, only rows at and beyond its largest value are read, and those at it that have landed already are
        dropped by comparing whole rows. Everything is read again where there is no cursor, where the declaration, the
        place or the columns changed, where parts are lost, and where the origin's own count tells that rows
        vanished, or came, behind the cursor.

        Args:
            afresh: Read everything again, whatever is there.

        Raises:
            SourceError: the origin cannot be read, or a column cannot be a cursor.
        """
        before = known_landing(self.source, self.objects)
        begun = None if afresh else known_begun(self.source, before, self.objects)
        if begun is not None and begun.bound is not None and not self._why_whole(begun):
            return self._beyond_bound(before, begun, begun.bound)
        forget_begun(self.source, self.objects)
        why = "read afresh, as was asked" if afresh else self._why_whole(before)
        if why or before is None or before.bound is None:
            return self._whole(before, why or "read whole, as it has no cursor")
        if self._is_unchanged(before, before.bound) and not self._has_other_columns(before, before.bound):
            return Landed(before, 0, "nothing new")
        return self._beyond_bound(before, before, before.bound)

    def _beyond_bound(self, before: Landing | None, so_far: Landing, bound: Bound) -> Landed:
        """Read what is at and beyond a bound, on top of what has come so far; or whole where that does not fit."""
        since = Since(bound, schema_of(so_far))
        with self.extractor.read(self.origin, since) as extraction:
            why = differing(since.schema, extraction.schema) or unexplained(so_far.counted, extraction.counted)
            if not why:
                return self._append(before, so_far, bound, extraction)
        return self._whole(before, f"read whole again: {why}")

    def _why_whole(self, before: Landing | None) -> str:
        if before is None:
            return "read for the first time"
        if before.declared != digest_of(self.origin.meaning):
            return "read whole again: it is declared otherwise"
        if before.place != self.extractor.place(self.origin):
            return "read whole again: the address leads elsewhere"
        if not all(self.objects.has(object_key(part.sha256)) for part in before.parts):
            return "read whole again: parts of it are gone from the store"
        if self.origin.cursor is not None and before.bound is None:
            return "read whole: it was empty"
        return ""

    def _is_unchanged(self, before: Landing, bound: Bound) -> bool:
        counted = self.extractor.probe(self.origin, bound)
        return counted is not None and counted == before.counted

    def _has_other_columns(self, before: Landing, bound: Bound) -> bool:
        since = Since(bound, schema_of(before))
        with self.extractor.read(self.origin, since) as extraction:
            return bool(differing(since.schema, extraction.schema))

    def _whole(self, before: Landing | None, why: str) -> Landed:
        tally = RowTally() if self.origin.cursor is None else None
        with self.extractor.read(self.origin) as extraction:
            schema = extraction.schema.remove_metadata()
            columns_of(schema.empty_table())
            gauge = self._gauge(schema)
            batches = gauge.through(self._once(extraction.batches))
            empty = self._empty(schema)
            unfinished = self._unfinished(before, empty, extraction, rows_before=0)
            parts = tuple(self._parts(watched(batches, tally), schema, gauge, unfinished))
            found = extraction.counted
        landing = replace(
            empty,
            parts=parts,
            bound=gauge.bound,
            counted=None if found is None else Counted(found.rows, gauge.at, 0),
            tally=tally.text if tally else "",
        )
        if before is not None and tally is not None and same_rows(before, landing):
            return Landed(before, 0, f"{landing.rows:,} rows {why}, and found unchanged")
        self._commit(landing, parts, unfinished)
        return Landed(landing, landing.rows, why)

    def _empty(self, schema: pa.Schema) -> Landing:
        return Landing(
            self.source,
            self.origin.shown,
            digest_of(self.origin.meaning),
            self.extractor.place(self.origin),
            (),
            base64.b64encode(schema.serialize().to_pybytes()).decode(),
            columns_of(schema.empty_table()),
            iso(self.now),
        )

    def _unfinished(
        self, before: Landing | None, so_far: Landing, extraction: Extraction, *, rows_before: int
    ) -> Unfinished | None:
        """Keep parts as they are cut, where whoever goes on later can tell that nothing is lost."""
        cursor = self.origin.cursor
        if cursor is None or not extraction.ordered or extraction.counted is None:
            return None
        if pa.types.is_floating(extraction.schema.field(cursor).type):  # NaN lies beyond every bound, and before none
            return None
        return Unfinished(base_of(before), so_far, rows_before, self.objects, self.scratch)

    def _append(self, before: Landing | None, so_far: Landing, bound: Bound, extraction: Extraction) -> Landed:
        schema, found = schema_of(so_far), extraction.counted
        gauge = self._gauge(schema)
        gauge.bound, gauge.at = bound, 0
        rows_before = 0 if found is None else found.rows - found.at - found.beyond
        unfinished = self._unfinished(before, so_far, extraction, rows_before=rows_before)
        new = self._beyond(so_far, bound, gauge.through(self._once(extraction.batches)))
        parts = tuple(part for part in self._parts(new, schema, gauge, unfinished) if part.rows)
        landing = replace(
            so_far,
            parts=(*so_far.parts, *parts),
            landed_at=iso(self.now) if parts else so_far.landed_at,
            bound=gauge.bound,
            counted=None if found is None else Counted(found.rows, gauge.at, 0),
        )
        if landing != before:
            self._commit(landing, parts, unfinished)
        rows = landing.rows - (before.rows if before else 0)
        if so_far != before:
            return Landed(landing, rows, f"went on beyond {self.origin.cursor} {bound.text}, where a reading broke off")
        return Landed(landing, rows, f"appended beyond {self.origin.cursor} {bound.text}" if rows else "nothing new")

    def _beyond(self, before: Landing, bound: Bound, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Yield the rows at a bound that have not landed, and those beyond it; drop what lies before it.

        The rows at the bound come with the first that is beyond it, as in the order of the cursor none comes later; and
        those that do come later come last.
        """
        cursor = self.origin.cursor
        ties: list[pa.RecordBatch] = []
        told: pa.Table | None = None
        for batch in batches:
            value = pa.scalar(bound.value, batch.schema.field(cursor).type)
            column = batch.column(cursor)
            ties.append(batch.filter(pc.equal(column, value)))
            beyond = batch.filter(pc.greater(column, value))
            if told is None and beyond.num_rows:
                told = self._not_landed(before, bound, ties)
                beyond = pa.concat_tables([told, pa.Table.from_batches([beyond])]).combine_chunks().to_batches()[0]
            yield beyond
        if ties:
            at = self._not_landed(before, bound, ties)
            yield from (at if told is None else without(at, told)).to_batches()

    def _not_landed(self, before: Landing, bound: Bound, ties: list[pa.RecordBatch]) -> pa.Table:
        at = pa.Table.from_batches(ties)
        return without(at, self._landed_at(before, bound, at.schema))

    def _landed_at(self, before: Landing, bound: Bound, schema: pa.Schema) -> pa.Table:
        """Read the rows that have landed exactly at a bound."""
        found = [schema.empty_table()]
        for part in before.parts:
            if part.top == bound:
                table = decode_part(self.objects.get(object_key(part.sha256)))
                value = pa.scalar(bound.value, schema.field(self.origin.cursor).type)
                found.append(table.filter(pc.equal(table[self.origin.cursor], value)).cast(schema))
        return pa.concat_tables(found)

    def _once(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Of an API, drop rows that came before in the same reading: pages shift while they are read."""
        if not isinstance(self.origin, Api):
            yield from batches
            return
        seen, twice = SeenRows(), 0
        for batch in batches:
            new = seen.only_new(pa.Table.from_batches([batch]))
            twice += batch.num_rows - new.num_rows
            yield from new.to_batches()
        if twice:
            self.progress.say(f"{self.source}: dropped {twice:,} records that came twice")

    def _gauge(self, schema: pa.Schema) -> Gauge:
        cursor = self.origin.cursor
        if cursor is not None and cursor not in schema.names:
            raise SourceError(f"{self.origin.shown}: cursor: {UnknownNameError('column', cursor, schema.names)}")
        return Gauge(cursor, self.origin.shown, needs_all=isinstance(self.origin, Api))

    def _parts(
        self, batches: "Iterator[pa.RecordBatch]", schema: pa.Schema, gauge: Gauge, unfinished: Unfinished | None
    ) -> Iterator[LandedPart]:
        """Write parts of bounded size to the scratch place; at least one, so that the columns are known."""
        held: list[pa.RecordBatch] = []
        written = total = 0
        for batch in batches:
            held += [batch] if batch.num_rows else []
            if unfinished and not gauge.rises:
                unfinished.end()
            if sum(each.nbytes for each in held) >= self.part_bytes or sum(map(len, held)) >= PART_ROWS:
                part = self._part(held, schema)
                if unfinished:
                    unfinished.keep(part, bound=gauge.bound, at=gauge.at, rows=gauge.rows)
                yield part
                written, total = written + 1, total + sum(map(len, held))
                self.progress.say(f"{self.source}: {total:,} rows")
                held = []
        if held or not written:
            yield self._part(held, schema)

    def _part(self, batches: "list[pa.RecordBatch]", schema: pa.Schema) -> LandedPart:
        data = encode_part([batch.cast(schema) for batch in batches], schema)
        digest = sha256_hex(data)
        self.scratch.put(digest, data)
        gauge = self._gauge(schema)
        for _ in gauge.through(iter(batches)):
            pass
        return LandedPart(digest, len(data), sum(map(len, batches)), self.now.date().isoformat(), gauge.bound)

    def _commit(self, landing: Landing, parts: tuple[LandedPart, ...], unfinished: Unfinished | None) -> None:
        """Keep the parts, then write down that they belong to the landing: in this order a kill changes nothing."""
        for part in parts:
            if unfinished is None or part.sha256 not in unfinished.kept:
                self.objects.put(object_key(part.sha256), self.scratch.stream(part.sha256))
        self.objects.put(landing_key(self.source), encode(landing))
        forget_begun(self.source, self.objects)


def watched(batches: "Iterator[pa.RecordBatch]", tally: RowTally | None) -> "Iterator[pa.RecordBatch]":
    """Count rows in as they pass."""
    for batch in batches:
        if tally is not None:
            tally.add(batch)
        yield batch

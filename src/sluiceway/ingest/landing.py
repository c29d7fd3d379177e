"""Landing: an extract's rows written as immutable parts, and added to by what lies at and beyond its cursor."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.dataset_version import object_key
from sluiceway.artifacts.landing import Bound, Counted, LandedPart, Landing, landing_key
from sluiceway.core.digest import digest_of, sha256_hex
from sluiceway.core.errors import SourceError, UnknownNameError
from sluiceway.core.moments import iso
from sluiceway.declare.api import Api
from sluiceway.ingest.landed_files import known_landing
from sluiceway.plans.flat_columns import largest
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
    """Lands one source. ``scratch`` is an empty place: nothing reaches ``objects`` before everything has been read."""

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
        why = "read afresh, as was asked" if afresh else self._why_whole(before)
        if why or before is None or before.bound is None:
            return self._whole(before, why or "read whole, as it has no cursor")
        if self._is_unchanged(before, before.bound):
            return Landed(before, 0, "nothing new")
        since = Since(before.bound, schema_of(before))
        with self.extractor.read(self.origin, since) as extraction:
            why = differing(since.schema, extraction.schema) or unexplained(before.counted, extraction.counted)
            if not why:
                return self._append(before, before.bound, extraction)
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

    def _whole(self, before: Landing | None, why: str) -> Landed:
        tally = RowTally() if self.origin.cursor is None else None
        with self.extractor.read(self.origin) as extraction:
            schema = extraction.schema.remove_metadata()
            columns_of(schema.empty_table())
            gauge = self._gauge(schema)
            batches = gauge.through(self._once(extraction.batches))
            parts = tuple(self._parts(watched(batches, tally), schema))
            found = extraction.counted
        landing = Landing(
            self.source,
            self.origin.shown,
            digest_of(self.origin.meaning),
            self.extractor.place(self.origin),
            parts,
            base64.b64encode(schema.serialize().to_pybytes()).decode(),
            columns_of(schema.empty_table()),
            iso(self.now),
            gauge.bound,
            None if found is None else Counted(found.rows, gauge.at, 0),
            tally.text if tally else "",
        )
        if before is not None and tally is not None and same_rows(before, landing):
            return Landed(before, 0, f"{landing.rows:,} rows {why}, and found unchanged")
        self._commit(landing, parts)
        return Landed(landing, landing.rows, why)

    def _append(self, before: Landing, bound: Bound, extraction: Extraction) -> Landed:
        schema = schema_of(before)
        gauge = self._gauge(schema)
        gauge.bound, gauge.at = bound, 0
        new = self._beyond(before, bound, gauge.through(self._once(extraction.batches)))
        parts = tuple(part for part in self._parts(new, schema) if part.rows)
        found = extraction.counted
        landing = replace(
            before,
            parts=(*before.parts, *parts),
            landed_at=iso(self.now) if parts else before.landed_at,
            bound=gauge.bound,
            counted=None if found is None else Counted(found.rows, gauge.at, 0),
        )
        if landing != before:
            self._commit(landing, parts)
        rows = landing.rows - before.rows
        return Landed(landing, rows, f"appended beyond {self.origin.cursor} {bound.text}" if rows else "nothing new")

    def _beyond(self, before: Landing, bound: Bound, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Yield the rows beyond a bound, and last those at it that have not landed; drop what lies before it."""
        cursor, ties = self.origin.cursor, []
        for batch in batches:
            value = pa.scalar(bound.value, batch.schema.field(cursor).type)
            column = batch.column(cursor)
            if column.null_count:
                raise SourceError(
                    f"{self.origin.shown}: {column.null_count} records have no {cursor!r}; leave cursor= out"
                )
            ties.append(batch.filter(pc.equal(column, value)))
            yield batch.filter(pc.greater(column, value))
        if ties:
            at = pa.Table.from_batches(ties)
            yield from without(at, self._landed_at(before, bound, at.schema)).to_batches()

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

    def _gauge(self, schema: pa.Schema) -> "Gauge":
        cursor = self.origin.cursor
        if cursor is not None and cursor not in schema.names:
            raise SourceError(f"{self.origin.shown}: cursor: {UnknownNameError('column', cursor, schema.names)}")
        return Gauge(cursor, self.origin.shown)

    def _parts(self, batches: "Iterator[pa.RecordBatch]", schema: pa.Schema) -> Iterator[LandedPart]:
        """Write parts of bounded size to the scratch place; at least one, so that the columns are known."""
        held: list[pa.RecordBatch] = []
        written = total = 0
        for batch in batches:
            held += [batch] if batch.num_rows else []
            if sum(each.nbytes for each in held) >= self.part_bytes or sum(map(len, held)) >= PART_ROWS:
                yield self._part(held, schema)
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

    def _commit(self, landing: Landing, parts: tuple[LandedPart, ...]) -> None:
        """Keep the parts, then write down that they belong to the landing: in this order a kill changes nothing."""
        for part in parts:
            self.objects.put(object_key(part.sha256), self.scratch.stream(part.sha256))
        self.objects.put(landing_key(self.source), encode(landing))


@dataclass(slots=True)
class Gauge:
    """Finds the largest cursor value of what streams past, and how many rows are exactly there."""

    cursor: str | None
    shown: str
    bound: Bound | None = None
    at: int = field(default=0)

    def through(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Pass batches on, and look at them."""
        for batch in batches:
            if self.cursor is not None:
                self._look(batch.column(self.cursor))
            yield batch

    def _look(self, column: pa.Array) -> None:
        try:
            top = largest(column)
            found = None if top is None else Bound.of(top)  # type: ignore[arg-type]
        except (TypeError, pa.ArrowNotImplementedError):
            raise SourceError(
                f"{self.shown}: {self.cursor!r} is of type {column.type}, no cursor; take a number, a time or a text"
            ) from None
        if found is None:
            return
        if self.bound is None or found.value > self.bound.value:  # type: ignore[operator]
            self.bound, self.at = found, 0
        if found == self.bound:
            self.at += pc.sum(pc.equal(column, pa.scalar(top, column.type))).as_py()


def watched(batches: "Iterator[pa.RecordBatch]", tally: RowTally | None) -> "Iterator[pa.RecordBatch]":
    """Count rows in as they pass."""
    for batch in batches:
        if tally is not None:
            tally.add(batch)
        yield batch


def same_rows(before: Landing, after: Landing) -> bool:
    """Whether two readings of one origin brought the same rows in the same columns."""
    alike = (before.tally, before.schema, before.declared, before.place)
    return alike == (after.tally, after.schema, after.declared, after.place)


def schema_of(landing: Landing) -> pa.Schema:
    """Read the parts' schema back."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(landing.schema)))


def differing(before: pa.Schema, now: pa.Schema) -> str:
    """Say how columns differ from those that landed; nothing when they do not."""
    was, new = ({field.name: str(field.type) for field in schema} for schema in (before, now))
    said = [f"+{name}" for name in new if name not in was] + [f"-{name}" for name in was if name not in new]
    said += [f"{name}: {was[name]} -> {new[name]}" for name in was if name in new and was[name] != new[name]]
    if not said and list(was) != list(new):
        return "its columns are in another order"
    return f"its columns changed: {', '.join(said)}" if said else ""


def unexplained(before: Counted | None, now: Counted | None) -> str:
    """Say that rows vanished, or came, behind the cursor, where the counts can be explained in no other way."""
    if before is None or now is None:
        return ""
    if now.rows < before.rows:
        return f"the origin has {before.rows - now.rows:,} rows fewer than before"
    more = now.rows - before.rows - now.beyond - max(0, now.at - before.at)
    return f"{more:,} rows came in behind the cursor" if more > 0 else ""

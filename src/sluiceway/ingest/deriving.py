"""Deriving: the table of every source, from the bytes of its files and the SQL over other sources."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TypeVar

import pyarrow as pa

from sluiceway.artifacts.dataset_version import (
    EVENT_TIME,
    KNOWN_TIME,
    QUARANTINE_FOLDER,
    TABLES_FOLDER,
    FileEntry,
)
from sluiceway.artifacts.rows import Rows
from sluiceway.artifacts.source_schema import SourceSchema
from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import SourceError
from sluiceway.declare.expectation import QUARANTINE
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.delivered import Contents, delivered
from sluiceway.ingest.landed_events import event_parts
from sluiceway.ingest.quarantine import parted
from sluiceway.plans.latest_row import latest_marks
from sluiceway.plans.lineage import tables_read
from sluiceway.plans.parquet_part import decode_part
from sluiceway.plans.quoting import listed
from sluiceway.plans.schema_policy import settled
from sluiceway.plans.table_digest import columns_of, normalise
from sluiceway.ports.engine import Engine

T = TypeVar("T")


def derive(
    project: Project,
    entries: Sequence[FileEntry],
    *,
    contents: Contents,
    engine: Engine,
    kept: Mapping[str, Sequence[Column]] = MappingProxyType({}),
    schemas: list[SourceSchema] | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[str, Rows]]:
    """Yield the name and rows of each table, sources that others read before them.

    Rows that a source's rules quarantine go into a table of their own, ``quarantine/<source>``, where there are any;
    neither the source's table nor what other sources derive from it has them.

    SQL sees the other sources without their two time columns; a source with both files and SQL sees its own file under
    its own name. It runs in the order of the rows, so that the same bytes give the same tables to the last bit.

    Large tables are never held: they go through the engine piece by piece, and what no later source reads goes.

    Args:
        project: What is declared.
        entries: The manifest.
        contents: Gives a file's bytes.
        engine: Runs the SQL, and keeps rows.
        kept: The own columns of each source that are known, for those that discard others or freeze.
        schemas: Is given each source's own columns.
        warn: Hears of what was read otherwise than it may be meant.

    Raises:
        SourceError: a file cannot be decoded, or SQL fails; the message names the source.
    """
    made: dict[str, Rows] = {}
    wanted = [_reads(source) for source in project.sources.values()]
    for place, (name, source) in enumerate(project.sources.items()):
        files = [entry for entry in entries if entry.source == name and not entry.is_event_part]
        own = partial(
            _own, source, files, contents=contents, engine=engine, known=kept.get(name, ()), schemas=schemas, warn=warn
        )
        arrived = partial(_arrived, event_parts(entries, name), keys=source.keys, contents=contents, engine=engine)
        rows, broken = _parted(source, own, made, engine, arrived=arrived)
        made[name] = rows
        later = set().union(*wanted[place + 1 :])
        made = {each: held for each, held in made.items() if each.lower() in later}
        timed = _with_times(source, rows, engine)
        del rows
        yield TABLES_FOLDER + name, timed
        del timed
        if broken is not None:
            yield QUARANTINE_FOLDER + name, _with_times(source, broken, engine)
        del broken


def _reads(source: Source) -> set[str]:
    """Name the sources, in small letters, that a source is derived from or that set its rows apart."""
    named = tables_read(source.sql) if source.sql is not None else set()
    others = {each.other for each in source.expectations if each.on_failure == QUARANTINE and each.other}
    return {name.lower() for name in {*named, *others}}


def _parted(
    source: Source,
    own: Callable[[], Rows | None],
    made: dict[str, Rows],
    engine: Engine,
    *,
    arrived: Callable[[Rows], Rows],
) -> tuple[Rows, Rows | None]:
    """Make a source's rows, and set those apart that its rules quarantine."""
    rows = arrived(_rows(source, _named(source, own), made, engine=engine))
    return _named(source, partial(parted, source, rows, made, engine))


def _own(
    source: Source,
    entries: Sequence[FileEntry],
    *,
    contents: Contents,
    engine: Engine,
    known: Sequence[Column],
    schemas: list[SourceSchema] | None,
    warn: Callable[[str], None],
) -> Rows | None:
    """Read a source's own rows, as its schema policy leaves them; a source of SQL alone has none."""
    uneven: tuple[str, ...] = ()
    if source.extract is not None:
        rows = _landed(source, entries, contents, engine)
    elif source.files is not None:
        rows, uneven = delivered(source, source.files, entries, contents=contents, engine=engine, warn=warn)
    else:
        return None
    rows, schema = settled(source, rows, known=known, uneven=uneven)
    if schemas is not None:
        schemas.append(schema)
    return rows


def _rows(source: Source, own: Rows | None, made: dict[str, Rows], *, engine: Engine) -> Rows:
    seen = made if own is None else made | {source.name: own}
    if source.sql is None:
        return seen[source.name]
    sql, wanted = source.sql, {name.lower() for name in tables_read(source.sql)}
    tables = {name: table for name, table in seen.items() if name.lower() in wanted}
    return _named(source, lambda: engine.derive(sql, tables))


def _arrived(
    parts: Sequence[FileEntry], rows: Rows, *, keys: Sequence[str], contents: Contents, engine: Engine
) -> Rows:
    """Put the rows that arrived in the source's topic below a table; part by part, never all of them at once.

    Where the source has a key, a row that is there already is the same fact, told again, and let by.
    """
    if not parts:
        return rows
    from sluiceway.streams.landed_rows import LandedRows, each_once

    head = normalise(rows.schema.empty_table())
    reads = LandedRows(head.schema, {column.name: column.type for column in columns_of(head)}, keys)

    def below() -> Iterator[pa.Table]:
        yield from map(normalise, rows.tables())
        for part in parts:
            yield normalise(reads.table(decode_part(contents.whole(part))["value"].to_pylist()))

    there = engine.keep(below())
    if not keys or not set(keys) <= set(head.schema.names):
        return there
    repeated = f"SELECT {listed(keys)} FROM rows_of_source GROUP BY ALL HAVING count(*) > 1"
    suspects = engine.derive(repeated, {"rows_of_source": there}).table()
    return engine.keep(each_once(there.tables(), suspects)) if suspects.num_rows else there


def _landed(source: Source, parts: Sequence[FileEntry], contents: Contents, engine: Engine) -> Rows:
    """Put landed parts below each other. Without times, and with a key, a row that came again replaces the earlier."""
    rows = engine.keep(normalise(decode_part(contents.whole(part))) for part in parts)
    cursor = source.extract.cursor if source.extract else None
    corrects = source.is_timeless and source.sql is None and set(source.keys) <= set(rows.schema.names)
    return _latest(rows, source.keys, cursor, engine) if corrects and source.keys and cursor is not None else rows


def _latest(rows: Rows, keys: tuple[str, ...], cursor: str, engine: Engine) -> Rows:
    """Keep the last of the rows with one key; of all of them, keys and cursors are held."""
    marks = pa.array(latest_marks(rows.table(list(dict.fromkeys([*keys, cursor]))), keys, cursor))

    def latest() -> Iterator[pa.Table]:
        start = 0
        for piece in rows.tables():
            yield piece.filter(marks.slice(start, piece.num_rows))
            start += piece.num_rows

    return engine.keep(latest())


def _with_times(source: Source, rows: Rows, engine: Engine) -> Rows:
    event, known = source.event_expression, source.known_expression
    if event is None or known is None:
        return rows
    times = f'{event.sql} AS "{EVENT_TIME}", {known.sql} AS "{KNOWN_TIME}"'
    sql = f"SELECT *, {times} FROM rows_of_source"
    return _named(source, lambda: engine.derive(sql, {"rows_of_source": rows}))


def _named(source: Source, work: Callable[[], T]) -> T:
    """Let an error say which source it happened in."""
    try:
        return work()
    except SourceError as error:
        raise type(error)(f"source {source.name!r}: {error}") from error

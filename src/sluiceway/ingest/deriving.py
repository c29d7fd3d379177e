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
from sluiceway.artifacts.source_schema import SourceSchema
from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import SourceError
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.delivered import Reader, delivered
from sluiceway.ingest.quarantine import parted
from sluiceway.plans.latest_row import latest_rows
from sluiceway.plans.lineage import tables_read
from sluiceway.plans.parquet_part import decode_part
from sluiceway.plans.schema_policy import settled
from sluiceway.plans.table_digest import normalise
from sluiceway.ports.engine import Engine

T = TypeVar("T")


def derive(
    project: Project,
    entries: Sequence[FileEntry],
    *,
    read: Reader,
    engine: Engine,
    kept: Mapping[str, Sequence[Column]] = MappingProxyType({}),
    schemas: list[SourceSchema] | None = None,
) -> Iterator[tuple[str, pa.Table]]:
    """Yield the name and rows of each table, sources that others read before them.

    Rows that a source's rules quarantine go into a table of their own, ``quarantine/<source>``, where there are any;
    neither the source's table nor what other sources derive from it has them.

    SQL sees the other sources without their two time columns; a source with both files and SQL sees its own file under
    its own name. It runs in the order of the rows, so that the same bytes give the same tables to the last bit.

    Args:
        project: What is declared.
        entries: The manifest.
        read: Gives a file's bytes.
        engine: Runs the SQL.
        kept: The own columns of each source that are known, for those that discard others or freeze.
        schemas: Is given each source's own columns.

    Raises:
        SourceError: a file cannot be decoded, or SQL fails; the message names the source.
    """
    made: dict[str, pa.Table] = {}
    for name, source in project.sources.items():
        files = [entry for entry in entries if entry.source == name]
        own = _named(source, partial(_own, source, files, read=read, known=kept.get(name, ()), schemas=schemas))
        table = _rows(source, own, made, engine=engine)
        rows, broken = _named(source, partial(parted, source, table, made, engine))
        made[name] = rows
        yield TABLES_FOLDER + name, _with_times(source, rows, engine)
        if broken is not None:
            yield QUARANTINE_FOLDER + name, _with_times(source, broken, engine)


def _own(
    source: Source,
    entries: Sequence[FileEntry],
    *,
    read: Reader,
    known: Sequence[Column],
    schemas: list[SourceSchema] | None,
) -> pa.Table | None:
    """Read a source's own rows, as its schema policy leaves them; a source of SQL alone has none."""
    uneven: tuple[str, ...] = ()
    if source.extract is not None:
        rows = _landed(source, [read(entry) for entry in entries])
    elif source.files is not None:
        rows, uneven = delivered(source, source.files, entries, read=read)
    else:
        return None
    table, schema = settled(source, rows, known=known, uneven=uneven)
    if schemas is not None:
        schemas.append(schema)
    return table


def _rows(source: Source, own: pa.Table | None, made: dict[str, pa.Table], *, engine: Engine) -> pa.Table:
    seen = made if own is None else made | {source.name: own}
    if source.sql is None:
        return seen[source.name]
    sql, wanted = source.sql, {name.lower() for name in tables_read(source.sql)}
    tables = {name: table for name, table in seen.items() if name.lower() in wanted}
    return _named(source, lambda: normalise(engine.query(sql, tables, in_order=True)))


def _landed(source: Source, parts: Sequence[bytes]) -> pa.Table:
    """Put landed parts below each other. Without times, and with a key, a row that came again replaces the earlier."""
    table = normalise(pa.concat_tables(map(decode_part, parts)))
    cursor = source.extract.cursor if source.extract else None
    corrects = source.is_timeless and source.sql is None and set(source.keys) <= set(table.column_names)
    return latest_rows(table, source.keys, cursor) if corrects and source.keys and cursor is not None else table


def _with_times(source: Source, table: pa.Table, engine: Engine) -> pa.Table:
    event, known = source.event_expression, source.known_expression
    if event is None or known is None:
        return table
    times = f'{event.sql} AS "{EVENT_TIME}", {known.sql} AS "{KNOWN_TIME}"'
    sql = f"SELECT *, {times} FROM rows_of_source"
    return _named(source, lambda: normalise(engine.query(sql, {"rows_of_source": table}, in_order=True)))


def _named(source: Source, work: Callable[[], T]) -> T:
    """Let an error say which source it happened in."""
    try:
        return work()
    except SourceError as error:
        raise SourceError(f"source {source.name!r}: {error}") from error

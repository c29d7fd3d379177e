"""Deriving: the table of every source, from the bytes of its files and the SQL over other sources."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import pyarrow as pa

from sluiceway.artifacts.dataset_version import (
    EVENT_TIME,
    KNOWN_TIME,
    QUARANTINE_FOLDER,
    TABLES_FOLDER,
    FileEntry,
)
from sluiceway.core.errors import SourceError
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.quarantine import parted
from sluiceway.plans.file_format import concatenate, decode
from sluiceway.plans.lineage import tables_read
from sluiceway.plans.table_digest import normalise
from sluiceway.ports.engine import Engine

T = TypeVar("T")
Reader = Callable[[FileEntry], bytes]


def derive(
    project: Project, entries: Sequence[FileEntry], *, read: Reader, engine: Engine
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

    Raises:
        SourceError: a file cannot be decoded, or SQL fails; the message names the source.
    """
    made: dict[str, pa.Table] = {}
    for name, source in project.sources.items():
        own = [entry for entry in entries if entry.source == name]
        table = _rows(source, own, made, read=read, engine=engine)
        kept, broken = _named(source, partial(parted, source, table, made, engine))
        made[name] = kept
        yield TABLES_FOLDER + name, _with_times(source, kept, engine)
        if broken is not None:
            yield QUARANTINE_FOLDER + name, _with_times(source, broken, engine)


def _rows(
    source: Source, entries: Sequence[FileEntry], made: dict[str, pa.Table], *, read: Reader, engine: Engine
) -> pa.Table:
    seen = dict(made)
    if source.files is not None:
        parts = {entry.path: decode(read(entry), path=entry.path, files=source.files) for entry in entries}
        seen[source.name] = _named(source, lambda: normalise(concatenate(parts)))
    if source.sql is None:
        return seen[source.name]
    sql, wanted = source.sql, {name.lower() for name in tables_read(source.sql)}
    tables = {name: table for name, table in seen.items() if name.lower() in wanted}
    return _named(source, lambda: normalise(engine.query(sql, tables, in_order=True)))


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

"""The engine on DuckDB, in this process and shut off from everything but the tables it is given."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sluiceway.artifacts.rows import BATCH_ROWS, Rows
from sluiceway.core.errors import SourceError

if TYPE_CHECKING:  # commands that run no query should not wait for them
    import duckdb
    import pyarrow as pa

    from sluiceway.adapters.row_spill import RowSpill

SHOWN = 200
HELD_BYTES, ALL_HELD_BYTES = 64 * 1024**2, 256 * 1024**2
# DuckDB's sort spills, but rows of several kilobytes need more than this before they do.
SORTED_IN = ("256MB", "1GB", "4GB")
NULLS_FIRST = "SELECT * FROM rows_of_table ORDER BY ALL ASC NULLS FIRST"
NULLS_LAST = "SELECT * FROM rows_of_table ORDER BY ALL ASC NULLS LAST"
TOO_LITTLE = "Out of Memory Error"
SPILL = "scratch-duckdb-"  # made only when needed; what a killed run leaves is swept by its name
LOCKED_DOWN = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}


class DuckdbEngine:
    """Runs each statement in a database of its own, in memory; larger than memory, it spills to the temporary folder.

    Result types follow from the statement and the tables' types alone; an integer's ``sum`` is ``decimal(38, 0)``.

    Args:
        threads: How many a statement may use that does not work in order.
        place: Below it, in a folder of their own, lie rows that are too many to be held; the temporary folder if not
            said.
        held_bytes: Tables of more bytes are not held.
        all_held_bytes: Nor are those with which all that are held would have more.
    """

    def __init__(
        self,
        threads: int = 2,
        *,
        place: Path | None = None,
        held_bytes: int = HELD_BYTES,
        all_held_bytes: int = ALL_HELD_BYTES,
    ) -> None:
        self._threads = threads
        self._place, self._held = place, (held_bytes, all_held_bytes)

    def query(self, sql: str, tables: "Mapping[str, pa.Table | Rows]", *, in_order: bool = False) -> "pa.Table":
        """Return the result of one ``SELECT``; with ``in_order`` to the same bits every time, on one thread.

        Raises:
            SourceError: the statement fails, is several, or is no ``SELECT``.
        """
        with self._session(sql, threads=1 if in_order else self._threads) as connection:
            return _relation(connection, sql, _scanned(tables, in_order=in_order)).to_arrow_table()

    def derive(self, sql: str, tables: Mapping[str, Rows]) -> Rows:
        """Keep the result of one ``SELECT``, worked through in order, as tables are stored; it is never held whole.

        A statement's own memory, for what it joins, groups or sorts, is DuckDB's to limit: at 80 % of the machine's it
        spills. A lower limit would change in which order it adds up floats.

        Raises:
            SourceError: the statement fails, is several, or is no ``SELECT``, or a type has no kind.
        """
        with self._session(sql, threads=1, place=self._place) as connection:
            return self._streamed(connection, sql, tables)

    def keep(self, pieces: "Iterable[pa.Table]") -> Rows:
        """Keep tables of one schema, at least one, below each other."""
        return self._spill.keep(pieces)

    def parquet(self, chunks: Iterable[bytes], *, path: str) -> Rows:
        """Read rows off a Parquet file's bytes as they are asked for.

        Raises:
            SourceError: the bytes are no Parquet file, at once, or as the rows are read.
        """
        return self._spill.parquet(chunks, path)

    def sort(self, rows: Rows, *, nulls_last: bool = False) -> Rows:
        """Sort by all columns, in as little memory as suffices of 256 MB, 1 GB and 4 GB, and on disk.

        Raises:
            SourceError: 4 GB do not suffice.
        """
        sql = NULLS_LAST if nulls_last else NULLS_FIRST
        *fewer, most = SORTED_IN
        for limit in fewer:
            try:
                return self._sorted(sql, rows, limit)
            except SourceError as error:
                if TOO_LITTLE not in str(error):
                    raise
        return self._sorted(sql, rows, most)

    def _sorted(self, sql: str, rows: Rows, limit: str) -> Rows:
        with self._session(sql, threads=self._threads, place=self._place, memory_limit=limit) as connection:
            return self._streamed(connection, sql, {"rows_of_table": rows})

    def _streamed(self, connection: "duckdb.DuckDBPyConnection", sql: str, tables: Mapping[str, Rows]) -> Rows:
        from sluiceway.plans.table_digest import normalise

        reader = _relation(connection, sql, _scanned(tables, in_order=True)).to_arrow_reader(BATCH_ROWS)
        return self._spill.keep(map(normalise, _pieces(reader)))

    @cached_property
    def _spill(self) -> "RowSpill":
        from sluiceway.adapters.row_spill import RowSpill

        return RowSpill(self._place, *self._held)

    @contextmanager
    def _session(
        self, sql: str, *, threads: int, place: Path | None = None, memory_limit: str | None = None
    ) -> "Iterator[duckdb.DuckDBPyConnection]":
        import duckdb

        limit = {} if memory_limit is None else {"memory_limit": memory_limit}
        spill = (place or Path(tempfile.gettempdir())) / f"{SPILL}{os.getpid()}"
        settings = {**LOCKED_DOWN, **limit, "threads": threads, "temp_directory": str(spill)}
        try:
            with duckdb.connect(":memory:", config=settings) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                connection.execute("SET lock_configuration = true")
                yield connection
        except (duckdb.Error, OSError) as error:  # what fails while a result is read comes as an OSError
            raise SourceError(f"{error}\nin: {_shortened(sql)}") from error


def _relation(
    connection: "duckdb.DuckDBPyConnection", sql: str, tables: Mapping[str, object]
) -> "duckdb.DuckDBPyRelation":
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise SourceError(f"write one SQL statement, not {len(statements)}: {_shortened(sql)}")
    if statements[0].type.name != "SELECT":
        raise SourceError(f"write a SELECT, not a statement of kind {statements[0].type.name}: {_shortened(sql)}")
    for name, table in tables.items():
        connection.register(name, table)
    return connection.sql(sql)


def _pieces(reader: "pa.RecordBatchReader") -> "Iterator[pa.Table]":
    """Read a result piece by piece; first none of it, so that its columns are known."""
    import pyarrow as pa

    yield reader.schema.empty_table()
    for batch in reader:
        yield pa.Table.from_batches([batch])


def _scanned(tables: "Mapping[str, pa.Table | Rows]", *, in_order: bool) -> dict[str, object]:
    """Make each a relation: what is held as a table, in one piece where order counts, anything else in batches."""
    held = {name: table.held if isinstance(table, Rows) else table for name, table in tables.items()}
    whole = {name: table for name, table in held.items() if table is not None}
    found: dict[str, object] = dict(_whole(whole) if in_order else whole)
    spilt = {name: table for name, table in tables.items() if isinstance(table, Rows) and table.held is None}
    if spilt:
        from sluiceway.adapters.duckdb_relation import Relation

        found |= {name: Relation(rows) for name, rows in spilt.items()}
    return found


def _whole(tables: "Mapping[str, pa.Table]") -> "dict[str, pa.Table]":
    """Put every table in one piece: where the pieces end decides how floats are grouped in a sum."""
    return {name: table.combine_chunks() for name, table in tables.items()}


def _shortened(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"

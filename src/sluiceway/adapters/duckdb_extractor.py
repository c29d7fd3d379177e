"""DuckDB files, through DuckDB's own Arrow stream."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sluiceway.adapters.database_file import file_of
from sluiceway.adapters.duckdb_engine import LOCKED_DOWN
from sluiceway.adapters.sql_extractor import Kind
from sluiceway.declare.database import Database
from sluiceway.plans.extract_sql import Dialect, rows_sql
from sluiceway.ports.extractor import Since

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 65_536
DIALECT = Dialect(
    '"',
    "{}",
    {
        "moment": "CAST('{}+00' AS TIMESTAMPTZ)",
        "time": "CAST('{}' AS TIMESTAMP)",
        "date": "CAST('{}' AS DATE)",
        "number": "CAST('{}' AS DOUBLE)",
    },
)


class DuckdbSession:
    """Speaks to one DuckDB connection, which its maker closes."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._readers: list[Any] = []

    def one(self, sql: str) -> tuple[object, ...]:
        """Return the first row."""
        return tuple(self._connection.execute(sql).fetchall()[0])

    def stream(
        self, origin: Database, since: Since | None, *, ordered: bool
    ) -> "tuple[pa.Schema, Iterator[pa.RecordBatch]]":
        """Return the rows in flat columns."""
        from sluiceway.plans.flat_columns import flat_batch, flat_schema

        reader = self._connection.sql(
            rows_sql(origin, DIALECT, since.bound if since else None, ordered=ordered)
        ).to_arrow_reader(BATCH_ROWS)
        self._readers.append(reader)
        flat = flat_schema(reader.schema)
        return flat, (flat_batch(batch, flat) for batch in reader)

    def close(self) -> None:
        """Let go of streams that nobody drew to their end: they would keep the file open."""
        for reader in self._readers:
            reader.close()


def opened(folder: Path) -> Any:
    """Make the function that opens a file of a project, to read only, without any way out of it."""

    @contextmanager
    def connected(url: str) -> Iterator[DuckdbSession]:
        import duckdb

        with duckdb.connect(file_of(url, folder), read_only=True, config={**LOCKED_DOWN, "threads": 2}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET lock_configuration = true")
            connection.execute("BEGIN TRANSACTION")
            session = DuckdbSession(connection)
            try:
                yield session
            finally:
                session.close()

    return connected


def duckdb_errors() -> tuple[type[BaseException], ...]:
    """How DuckDB fails."""
    import duckdb

    return (duckdb.Error,)


def duckdb_kind(folder: Path) -> Kind:
    """Read DuckDB files; a relative path is one below the folder."""
    return Kind(DIALECT, opened(folder), duckdb_errors, sorts=False)  # nothing may be written aside

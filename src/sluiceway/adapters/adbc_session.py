"""A session over ADBC: one transaction, rows as the driver's own Arrow batches."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sluiceway.declare.database import Database
from sluiceway.plans.extract_sql import Dialect, rows_sql
from sluiceway.ports.extractor import Since

if TYPE_CHECKING:
    import pyarrow as pa


class AdbcSession:
    """Speaks to one connection of an ADBC driver, and closes it."""

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._drawn_from: list[Any] = []

    def run(self, sql: str) -> None:
        """Run a statement without a result."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    def one(self, sql: str) -> tuple[object, ...]:
        """Return the first row."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return tuple(cursor.fetchone())

    def batches(self, sql: str) -> "tuple[pa.Schema, Iterator[pa.RecordBatch]]":
        """Return the driver's schema and batches; they are drawn as they are asked for."""
        cursor = self._connection.cursor()
        cursor.execute(sql)
        self._drawn_from.append(cursor)
        reader = cursor.fetch_record_batch()
        return reader.schema, iter(reader)

    def stream(
        self, origin: Database, since: Since | None, *, ordered: bool
    ) -> "tuple[pa.Schema, Iterator[pa.RecordBatch]]":
        """Return the rows in flat columns."""
        from sluiceway.plans.flat_columns import flat_batch, flat_schema

        schema, batches = self.batches(rows_sql(origin, self._dialect, since.bound if since else None, ordered=ordered))
        flat = flat_schema(schema)
        return flat, (flat_batch(batch, flat) for batch in batches)

    def close(self) -> None:
        """Close everything; a connection that broke cannot be closed in order, and need not be."""
        for part in (*self._drawn_from, self._connection):
            with suppress(Exception):
                part.close()


def adbc_errors() -> tuple[type[BaseException], ...]:
    """How ADBC drivers fail."""
    from adbc_driver_manager import Error

    return (Error,)

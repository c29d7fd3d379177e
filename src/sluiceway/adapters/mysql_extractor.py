"""MySQL and MariaDB, through PyMySQL's cursor on the server's side."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sluiceway.adapters.sql_extractor import Kind
from sluiceway.declare.database import Database
from sluiceway.plans.extract_sql import Dialect, rows_sql
from sluiceway.ports.extractor import Since

if TYPE_CHECKING:
    import pyarrow as pa

TIMEOUT_S = 15
PATIENCE_S = 3600
BATCH_ROWS = 20_000
DEFAULT_PORT = 3306
UNSIGNED, BINARY = 32, 63
DIALECT = Dialect("`", "CAST(CONVERT({} USING utf8mb4) AS BINARY)", backslashes=True)
SESSION = (
    "SET time_zone = '+00:00'",
    "SET SESSION sql_mode = 'TRADITIONAL'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)


class MysqlSession:
    """Speaks to one connection, which its maker closes."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def one(self, sql: str) -> tuple[object, ...]:
        """Return the first row."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return tuple(cursor.fetchall()[0])

    def stream(
        self, origin: Database, since: Since | None, *, ordered: bool
    ) -> "tuple[pa.Schema, Iterator[pa.RecordBatch]]":
        """Return the rows in flat columns."""
        import pyarrow as pa
        from pymysql.cursors import SSCursor

        from sluiceway.plans.flat_columns import flat_batch, flat_schema

        cursor = self._connection.cursor(SSCursor)
        cursor.execute(rows_sql(origin, DIALECT, since.bound if since else None, ordered=ordered))
        schema = pa.schema([pa.field(field.name, column_type(field)) for field in cursor._result.fields])  # noqa: SLF001
        flat = flat_schema(schema)
        return flat, (flat_batch(batch, flat) for batch in _batches(cursor, schema))


def _batches(cursor: Any, schema: "pa.Schema") -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    while rows := cursor.fetchmany(BATCH_ROWS):
        columns = zip(*rows, strict=True)
        yield pa.RecordBatch.from_arrays(
            [pa.array(fitting(values, field.type), field.type) for values, field in zip(columns, schema, strict=True)],
            schema=schema,
        )


def fitting(values: tuple[object, ...], data_type: "pa.DataType") -> "tuple[object, ...] | list[object]":
    """Turn what the driver hands over into what a column takes."""
    import pyarrow as pa

    if pa.types.is_boolean(data_type):
        return [None if value is None else _truth(value) for value in values]
    if pa.types.is_integer(data_type):
        return [int.from_bytes(value) if isinstance(value, bytes) else value for value in values]
    if pa.types.is_string(data_type):
        return [_text(value) for value in values]
    return values


def _truth(value: object) -> bool:
    if value not in {0, 1}:
        raise ValueError(f"a tinyint(1) holds {value}, which is no truth value; cast it to an integer in a query()")
    return bool(value)


def _text(value: object) -> str | None:
    if isinstance(value, set):
        return ",".join(sorted(map(str, value)))
    return value if value is None or isinstance(value, str) else str(value)


def column_type(field: Any) -> "pa.DataType":
    """Tell a column's type by what the server says of it; ``tinyint(1)``, which BOOLEAN is, holds truth values."""
    import pyarrow as pa
    from pymysql.constants import FIELD_TYPE

    code = field.type_code
    if code == FIELD_TYPE.TINY and field.length == 1:
        return pa.bool_()
    if code in {FIELD_TYPE.LONGLONG, FIELD_TYPE.BIT}:
        return pa.uint64() if field.flags & UNSIGNED else pa.int64()
    if code in {FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL}:
        digits = field.length - (1 if field.scale else 0) - (0 if field.flags & UNSIGNED else 1)
        return pa.decimal128(digits, field.scale) if digits <= 38 else pa.decimal256(digits, field.scale)  # noqa: PLR2004
    named = {
        FIELD_TYPE.TINY: pa.int64(),
        FIELD_TYPE.SHORT: pa.int64(),
        FIELD_TYPE.INT24: pa.int64(),
        FIELD_TYPE.LONG: pa.int64(),
        FIELD_TYPE.YEAR: pa.int64(),
        FIELD_TYPE.FLOAT: pa.float64(),
        FIELD_TYPE.DOUBLE: pa.float64(),
        FIELD_TYPE.DATE: pa.date32(),
        FIELD_TYPE.NEWDATE: pa.date32(),
        FIELD_TYPE.DATETIME: pa.timestamp("us"),
        FIELD_TYPE.TIMESTAMP: pa.timestamp("us", "UTC"),
    }
    if code in named:
        return named[code]
    bytes_like = {FIELD_TYPE.BLOB, FIELD_TYPE.TINY_BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB}
    bytes_like |= {FIELD_TYPE.STRING, FIELD_TYPE.VAR_STRING, FIELD_TYPE.VARCHAR, FIELD_TYPE.GEOMETRY}
    return pa.binary() if code in bytes_like and field.charsetnr == BINARY else pa.string()


@contextmanager
def connected(url: str) -> Iterator[MysqlSession]:
    """Open a transaction that reads one moment of the database, and only reads."""
    import pymysql

    parts = urlsplit(url)
    connection = pymysql.connect(
        host=parts.hostname or "localhost",
        port=parts.port or DEFAULT_PORT,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")) or None,
        charset="utf8mb4",
        connect_timeout=TIMEOUT_S,
        read_timeout=PATIENCE_S,
    )
    try:
        with connection.cursor() as cursor:
            for statement in SESSION:
                cursor.execute(statement)
        yield MysqlSession(connection)
    finally:
        with suppress(Exception):
            connection._force_close()  # noqa: SLF001  (an orderly end would read what is left of a stream)


def mysql_errors() -> tuple[type[BaseException], ...]:
    """How PyMySQL fails."""
    import pymysql

    return (pymysql.Error,)


MYSQL = Kind(DIALECT, connected, mysql_errors)

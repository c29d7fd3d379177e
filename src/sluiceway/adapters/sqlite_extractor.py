"""SQLite files, through ADBC. SQLite types values, not columns, so that the values are asked first."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sluiceway.adapters.adbc_session import AdbcSession, adbc_errors
from sluiceway.adapters.database_file import file_of
from sluiceway.adapters.sql_extractor import Kind
from sluiceway.core.errors import SourceError
from sluiceway.declare.database import Database
from sluiceway.plans.extract_sql import Dialect, rows_sql
from sluiceway.ports.extractor import Since

if TYPE_CHECKING:
    import pyarrow as pa

DIALECT = Dialect('"', "{} COLLATE BINARY", {"number": "{}"})
ASKED_AT_ONCE = 200
CLASSES = ("integer", "real", "text", "blob")
# The driver reads a column's type off its first rows: a row that shows it goes first, and is dropped again.
SHOWN = {"integer": "0", "real": "0.5", "text": "''", "blob": "x''"}


class SqliteSession(AdbcSession):
    """Speaks to one SQLite connection, which its maker closes."""

    def stream(
        self, origin: Database, since: Since | None, *, ordered: bool
    ) -> "tuple[pa.Schema, Iterator[pa.RecordBatch]]":
        """Return the rows in flat columns: integers, floats and texts; a column of several of these is the widest."""
        from sluiceway.plans.flat_columns import flat_batch, flat_schema

        kinds = self._kinds(origin, since)
        bound = since.bound if since else None
        columns = ", ".join(_cast(DIALECT.name(name), kind) for name, kind in kinds.items())
        first = ", ".join(f"{SHOWN[kind]} AS {DIALECT.name(name)}" for name, kind in kinds.items())
        rows = rows_sql(origin, DIALECT, bound, columns=columns, ordered=ordered)
        schema, batches = self.batches(f"SELECT {first} UNION ALL SELECT * FROM ({rows})")  # noqa: S608  (names are quoted)
        flat = flat_schema(schema)
        return flat, (flat_batch(batch, flat) for batch in _without_first(batches))

    def _kinds(self, origin: Database, since: Since | None) -> dict[str, str]:
        """Find the storage classes of every column's values, and the one that holds them all."""
        schema, _ = self.batches(f"{rows_sql(origin, DIALECT, None)} LIMIT 0")
        known = dict(zip(since.schema.names, map(_class_of, since.schema.types), strict=True)) if since else {}
        found: dict[str, str] = {}
        for start in range(0, len(schema.names), ASKED_AT_ONCE):
            names = schema.names[start : start + ASKED_AT_ONCE]
            asked = ", ".join(f"max(typeof({DIALECT.name(name)}) = '{kind}')" for name in names for kind in CLASSES)
            bits = iter(self.one(rows_sql(origin, DIALECT, since.bound if since else None, columns=asked)))
            for name in names:
                there = {kind for kind in CLASSES if next(bits)} | ({known[name]} if name in known else set())
                found[name] = _widest(name, there)
        return found


def _widest(name: str, there: set[str]) -> str:
    if "blob" in there and len(there) > 1 and there != {"blob", "text"}:
        raise SourceError(f"column {name!r} holds bytes and numbers; cast it in a query()")
    if not there or there == {"blob", "text"}:
        return "text" if not there else "blob"
    return next(kind for kind in ("blob", "text", "real", "integer") if kind in there)


def _class_of(data_type: "pa.DataType") -> str:
    return {"int64": "integer", "double": "real"}.get(str(data_type), "text")


def _cast(name: str, kind: str) -> str:
    wanted = {"integer": "INTEGER", "real": "REAL", "text": "TEXT", "blob": "BLOB"}[kind]
    return f"CAST({name} AS {wanted}) AS {name}"


def _without_first(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    yield next(batches).slice(1)
    yield from batches


def opened(folder: Path) -> Any:
    """Make the function that opens a file of a project, to read only."""

    @contextmanager
    def connected(url: str) -> Iterator[SqliteSession]:
        import adbc_driver_sqlite.dbapi as driver

        session = SqliteSession(driver.connect(f"file:{quote(file_of(url, folder))}?mode=ro"), DIALECT)
        try:
            yield session
        finally:
            session.close()

    return connected


def sqlite_kind(folder: Path) -> Kind:
    """Read SQLite files; a relative path is one below the folder."""
    return Kind(DIALECT, opened(folder), adbc_errors)

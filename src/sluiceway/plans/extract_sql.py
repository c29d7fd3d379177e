"""Extraction SQL: what a database is asked, in its own dialect, with every name quoted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sluiceway.artifacts.landing import Bound
from sluiceway.declare.database import Database


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database quotes names, writes values, and compares texts by their bytes.

    ``literals`` holds a template for kinds of bounds that are not written as a plain number or a quoted text.
    """

    quote: str
    by_bytes: str
    literals: Mapping[str, str] = field(default_factory=dict)
    backslashes: bool = False

    def name(self, name: str) -> str:
        """Quote a name."""
        return f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}"

    def literal(self, bound: Bound) -> str:
        """Write a bound's value."""
        template = self.literals.get(bound.kind, "{}" if bound.kind in {"integer", "decimal"} else "'{}'")
        text = bound.text.replace("'", "''")
        text = template.format(text.replace("\\", "\\\\") if self.backslashes else text)
        return self.by_bytes.format(text) if bound.kind == "text" else text


def relation(origin: Database, dialect: Dialect) -> str:
    """Name what stands behind ``FROM``; a query's last line may be a comment."""
    if origin.sql:
        return f"(\n{origin.sql}\n) AS {dialect.name('extracted')}"
    return ".".join(dialect.name(part) for part in origin.table)


def rows_sql(
    origin: Database, dialect: Dialect, bound: Bound | None, *, columns: str = "*", ordered: bool = False
) -> str:
    """Ask for all rows, or for those at or beyond a bound, ``ordered`` by their cursor or as they come."""
    sql = f"SELECT {columns} FROM {relation(origin, dialect)}"
    if bound is not None:
        sql += f" WHERE {_cursor(origin, dialect, bound)} >= {dialect.literal(bound)}"
    if not ordered:
        return sql
    # Of which kind the cursor is, is known once there is a bound; before, texts come as the database sorts them.
    return f"{sql} ORDER BY {_cursor(origin, dialect, bound) if bound else dialect.name(origin.cursor or '')}"


def counts_sql(origin: Database, dialect: Dialect, bound: Bound | None) -> str:
    """Ask how many rows there are, how many are at a bound, and how many beyond it."""
    if bound is None:
        return f"SELECT count(*), 0, 0 FROM {relation(origin, dialect)}"
    cursor, value = _cursor(origin, dialect, bound), dialect.literal(bound)
    at, beyond = (f"count(CASE WHEN {cursor} {sign} {value} THEN 1 END)" for sign in ("=", ">"))
    return f"SELECT count(*), {at}, {beyond} FROM {relation(origin, dialect)}"


def _cursor(origin: Database, dialect: Dialect, bound: Bound) -> str:
    name = dialect.name(origin.cursor or "")
    return dialect.by_bytes.format(name) if bound.kind == "text" else name

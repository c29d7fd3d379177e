"""Closed SQL: one SELECT that reads nothing but tables named plainly and has one answer, the same at every run."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sluiceway.declare.names import refuse
from sluiceway.plans.open_answers import called, open_answers

if TYPE_CHECKING:
    from sqlglot import exp

STARTS = frozenset({"SELECT", "WITH", "FROM", "L_PAREN"})
ROW_MAKERS = frozenset({"GenerateSeries", "Unnest", "Explode"})
OUTSIDE = re.compile(
    r"read_\w+|\w+_scan|glob|sniff_csv|query|query_table|getenv|getvariable|write_log|pg_\w+|duckdb_\w+|pragma_\w+"
    r"|current_(setting|user|schema|schemas|catalog|database|role|query|version)|session_user|version|in_search_path"
    r"|sleep_ms|nextval|currval|setval"
)
BARE = frozenset({"current_role", "current_user", "current_catalog", "current_schema", "session_user"})
CATALOG = re.compile(r"(duckdb|pg|sqlite|pragma)_\w+", re.IGNORECASE)
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def closed_select(sql: str) -> "exp.Expr":
    """Parse a statement and make sure that it is closed.

    Raises:
        DeclarationError: it is not one SELECT over tables named plainly, but changes something, or reads files,
            settings or another catalog, or leaves its answer to the moment, to chance or to the order of rows.
    """
    from sqlglot import exp, parse
    from sqlglot.dialects.duckdb import DuckDB
    from sqlglot.errors import SqlglotError

    try:
        tokens = DuckDB().tokenize(sql)
        if not tokens or tokens[0].token_type.name not in STARTS:
            raise refuse(
                f"SQL must be one SELECT statement, this starts with {tokens[0].text if tokens else 'nothing'!r}"
            )
        statements = [statement for statement in parse(sql, dialect="duckdb") if statement is not None]
    except SqlglotError as error:
        raise refuse(f"SQL cannot be read: {_plain(error)}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        kinds = ", ".join(type(statement).__name__.upper() for statement in statements)
        raise refuse(f"SQL must be one SELECT statement, this is {kinds}")
    for problem in _reaches_outside(statements[0]):
        raise refuse(f"SQL may read nothing but the project's sources: {problem}")
    for problem in open_answers(statements[0]):
        raise refuse(f"SQL must give the same answer at every run: {problem}")
    return statements[0]


def _reaches_outside(statement: "exp.Expr") -> Iterator[str]:
    from sqlglot import exp

    for node in statement.find_all(exp.DDL, exp.DML, exp.Into, exp.Command):
        if not isinstance(node, exp.Query):
            yield f"it holds {type(node).__name__.upper()}"
    for table in statement.find_all(exp.Table):
        yield from _outside_table(table)
    for function in statement.find_all(exp.Func):
        if OUTSIDE.fullmatch(called(function)):
            yield f"{called(function)}() reaches outside; leave it out, or write its value as a constant"
    for column in statement.find_all(exp.Column):
        if not column.table and not column.this.args.get("quoted") and column.name.lower() in BARE:
            yield f"{column.name} reaches outside; if it is a column, write its table's name before it"


def _outside_table(table: "exp.Table") -> Iterator[str]:
    written = table.sql("duckdb")
    if type(table.this).__name__ in ROW_MAKERS:
        return
    if type(table.this).__name__ != "Identifier":
        yield f"{written} is no table"
    elif table.db or table.catalog:
        yield f"{written} names a schema; write {table.name} alone"
    elif CATALOG.fullmatch(table.name):
        yield f"{table.name} belongs to the engine; a source must not have such a name"
    elif not PLAIN_NAME.fullmatch(table.name):
        yield f"{table.name!r} is a file or an address, not the name of a source; declare it as a Source"


def _plain(error: Exception) -> str:
    problems: list[dict[str, Any]] = getattr(error, "errors", [])
    return (
        "; ".join(f"line {problem['line']}: {problem['description']}" for problem in problems) or "the text is broken"
    )

"""Lineage: which tables a SELECT reads, and which of their columns each of its columns is made from."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sluiceway.core.errors import SourceError
from sluiceway.plans.closed_sql import closed_select
from sluiceway.plans.whole_rows import refuse_whole_rows

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.lineage import Node

Origins = frozenset[tuple[str, str]]


def tables_read(sql: str) -> frozenset[str]:
    """Name the tables that a statement reads, as written; names that its own WITH defines are not among them.

    Raises:
        DeclarationError: the statement is not closed (see ``plans.closed_sql``).

    >>> sorted(tables_read("WITH w AS (SELECT * FROM weather) SELECT * FROM w JOIN airports USING (faa)"))
    ['airports', 'weather']
    """
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    statement = closed_select(sql)
    defined = {cte.alias_or_name.lower() for cte in statement.find_all(exp.CTE)}
    named = [table for table in statement.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]
    scoped = [source for scope in traverse_scope(statement) for source in scope.sources.values()]
    inside = {table.name for table in scoped if isinstance(table, exp.Table) and table.name}
    return frozenset(inside | {table.name for table in named if table.name.lower() not in defined})


def column_lineage(sql: str, schemas: Mapping[str, Sequence[str]], *, need_names: bool = True) -> dict[str, Origins]:
    """Trace each output column to the table columns whose values go into its own.

    Joins, CTEs, subqueries, stars, functions and windows are followed. Columns that only choose or order rows (WHERE,
    the condition of a JOIN, GROUP BY, a final ORDER BY) are no lineage of a value; a window's PARTITION BY and
    ORDER BY are.

    Args:
        sql: One SELECT statement.
        schemas: The columns of every table that it reads, by the table's name.
        need_names: Whether every output must have a name of its own; without one it is called ``_col_0`` and so on.

    Returns:
        ``(table, column)`` pairs, spelled as in ``schemas``, by output column, in the order of the output; none for a
        constant or a bare ``count(*)``.

    Raises:
        DeclarationError: as for ``tables_read``.
        SourceError: a table has no schema, or a column cannot be traced.
    """
    known = {table.lower(): (table, {column.lower(): column for column in schemas[table]}) for table in schemas}
    for table in tables_read(sql):
        if table.lower() not in known:
            raise SourceError(
                f"lineage: no columns are known of table {table!r}; known are {', '.join(schemas) or 'none'}"
            )
    statement = closed_select(sql)
    traced = {name: _origins(node, known) for name, node in _nodes(statement, schemas, need_names).items()}
    return {_spelled(name, origins, statement): origins for name, origins in traced.items()}


@lru_cache(maxsize=256)
def mixes_rows(sql: str) -> bool:
    """Tell whether an output row may hold values of several input rows: by a window, an aggregate or a self-join.

    Then a column that two outputs both come from need not be the same fact in both: tomorrow's temperature is made from
    the column that holds today's.

    Raises:
        DeclarationError: as for ``tables_read``.

    >>> mixes_rows("SELECT day, lead(rain) OVER (ORDER BY day) AS rain_tomorrow FROM weather")
    True
    >>> mixes_rows("SELECT day, rain > 0 AS wet FROM weather")
    False
    """
    from sqlglot import exp

    statement = closed_select(sql)
    tables = [table.name.lower() for table in statement.find_all(exp.Table)]
    return len(set(tables)) < len(tables) or any(statement.find_all(exp.Window, exp.AggFunc))


def _nodes(statement: "exp.Expr", schemas: Mapping[str, Sequence[str]], need_names: bool) -> "dict[str, Node]":
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    types: dict[str, Any] = {table: dict.fromkeys(columns, "UNKNOWN") for table, columns in schemas.items()}
    try:
        whole = qualify(
            _with_windows(statement), dialect="duckdb", schema=types, validate_qualify_columns=False, identify=False
        )
        _require_names([column.alias_or_name for column in getattr(whole, "selects", ())], need_names)
        refuse_whole_rows(whole)
        return lineage(None, whole, types, dialect="duckdb", scope=build_scope(whole), trim_selects=False)
    except (SqlglotError, ValueError) as error:
        raise SourceError(f"lineage: the columns cannot be traced: {str(error).splitlines()[0]}") from None


def _with_windows(statement: "exp.Expr") -> "exp.Expr":
    """Copy a statement with every window that is called by its name written out where it is used."""
    from sqlglot import exp

    whole = statement.copy()
    for select in whole.find_all(exp.Select):
        named = {window.name.lower(): window for window in select.args.get("windows") or ()}
        own = [window for window in select.find_all(exp.Window) if named and window.parent_select is select]
        for window in own:
            base = named.get(window.alias.lower())
            while base is not None:
                for part in ("partition_by", "order"):
                    if not window.args.get(part) and base.args.get(part):
                        found = base.args[part]
                        window.set(part, [each.copy() for each in found] if isinstance(found, list) else found.copy())
                base = named.get(base.alias.lower()) if base.alias.lower() != base.name.lower() else None
    return whole


def _require_names(outputs: Sequence[str], need_names: bool) -> None:
    for name in outputs:
        if not name or name == "*" or (need_names and re.fullmatch(r"_col_\d+", name)):
            raise SourceError("lineage: an output column has no name of its own; write AS and a name, and no COLUMNS()")
        if outputs.count(name) > 1:
            raise SourceError(f"lineage: the output has {outputs.count(name)} columns called {name!r}; name them apart")


def _origins(node: "Node", known: Mapping[str, tuple[str, Mapping[str, str]]]) -> Origins:
    from sqlglot import exp

    found = set()
    for leaf in node.walk():
        if leaf.downstream:
            continue
        if isinstance(leaf.source, exp.Placeholder):
            raise SourceError(f"lineage: {leaf.name} cannot be traced to a table; write the table's name before it")
        if isinstance(leaf.source, exp.Table) and leaf.source.name.lower() in known:
            table, columns = known[leaf.source.name.lower()]
            column = exp.to_column(leaf.name, dialect="duckdb").name
            if column.lower() not in columns:
                raise SourceError(
                    f"lineage: table {table!r} has no column {column!r}; it has {', '.join(columns.values())}"
                )
            found.add((table, columns[column.lower()]))
    return frozenset(found)


def _spelled(name: str, origins: Origins, statement: "exp.Expr") -> str:
    """Write an output's name as the statement does, or as the table it comes from; tracing lowers the case."""
    from sqlglot import exp

    outputs = [column.alias_or_name for column in getattr(statement, "selects", ())]
    aliases = [alias.alias for alias in statement.find_all(exp.Alias)]
    candidates = [*outputs, *(column for _, column in sorted(origins)), *aliases]
    return next((candidate for candidate in candidates if candidate.lower() == name), name)

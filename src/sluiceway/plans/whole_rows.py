"""Whole rows: expressions that take a table as one value, and so hide which of its columns they use."""

from typing import TYPE_CHECKING

from sluiceway.core.errors import SourceError

if TYPE_CHECKING:
    from sqlglot import exp

REMEDY = "name the columns one by one"


def refuse_whole_rows(statement: "exp.Expr") -> None:
    """Refuse to trace a statement that uses a table's rows as values.

    Such are ``to_json(people)``, ``people::VARCHAR``, ``(people).name``, ``struct_pack(*COLUMNS(*))`` and a star inside
    a function other than ``count(*)``.

    Args:
        statement: With every column qualified by its table where it is a column.

    Raises:
        SourceError: it does.
    """
    from sqlglot import exp

    tables = {table.alias_or_name.lower() for table in statement.find_all(exp.Table, exp.Subquery, exp.CTE)}
    for found in statement.find_all(exp.Columns, exp.TableColumn):
        raise SourceError(f"lineage: {found.sql(dialect='duckdb')} stands for whole rows; {REMEDY}")
    for column in statement.find_all(exp.Column):
        if not column.table and column.name.lower() in tables:
            raise SourceError(f"lineage: {column.name} stands for whole rows of a table; {REMEDY}")
    for star in statement.find_all(exp.Star):
        holder = star.parent.parent if isinstance(star.parent, exp.Column) else star.parent
        if holder is not None and not isinstance(holder, exp.Select | exp.Count):
            raise SourceError(f"lineage: a star in {holder.sql(dialect='duckdb')} stands for whole rows; {REMEDY}")

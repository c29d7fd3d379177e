"""Spark SQL: a plan written in DuckDB's dialect, as Spark reads it.

The statement is parsed, its frame (WITH, joins, unions, grouping) is written by sqlglot, and every value in it by
``spark_expression``, which refuses what it does not know to be the same. The session must be in ANSI mode and in UTC.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sluiceway.artifacts.table_ref import NUMBERS
from sluiceway.declare.written_sql import parsed_as_written
from sluiceway.plans.spark_expression import spark_value
from sluiceway.plans.spark_repeats import without_repeats
from sluiceway.plans.spark_value import refused
from sluiceway.plans.table_digest import columns_of

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

FRAME = frozenset({
    "Select", "With", "CTE", "From", "Join", "Where", "Group", "Union", "Subquery", "Table", "TableAlias", "Identifier",
    "Star", "Alias", "Distinct",
})  # fmt: skip


def spark_sql(sql: str, kinds: Mapping[str, str]) -> str:
    """Write a ``SELECT`` of DuckDB's dialect in Spark's.

    Args:
        sql: The statement.
        kinds: The kind of each column of the tables that it reads; the kinds of what it makes follow.

    Raises:
        MisuseError: it holds what Spark would compute otherwise.

    >>> spark_sql('SELECT "a" // 2 AS b FROM t WHERE "a" IS NOT NULL', {"a": "integer"})
    'SELECT (`a` div 2L) AS b FROM t WHERE (NOT (`a` IS NULL))'
    """
    from sqlglot import exp

    whole = exp.Paren(this=parsed_as_written(sql))  # so that the statement itself can be replaced
    _Rewriting(kinds).rewrite(whole.this)
    return str(whole.this.sql("spark"))


def column_kinds(schemas: "Iterable[pa.Schema]") -> dict[str, str]:
    """Tell the kind of each column of tables as they are stored; times of plans are integers.

    Raises:
        MisuseError: two tables have columns of one name and different kinds.
    """
    found: dict[str, str] = {}
    for schema in schemas:
        for field in columns_of(schema.empty_table()):
            if field.type == NUMBERS:
                raise refused(f"column {field.name!r} is a list of numbers, by which Spark orders otherwise")
            if found.setdefault(field.name, field.type) != field.type:
                raise refused(f"column {field.name!r} is {found[field.name]} in one table and {field.type} in another")
    return found


class _Rewriting:
    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = {name.lower(): kind for name, kind in kinds.items()}
        self._qualified = 0

    def rewrite(self, node: "exp.Expr") -> None:
        """Put Spark's values in place of DuckDB's, from the inside out: what is named below is known above."""
        if type(node).__name__ not in FRAME:
            raise refused(f"{type(node).__name__} ({node.sql('duckdb')[:80]}) is no part of a plan that Spark runs")
        shown = _shown(node)
        for key in ("with_", "from_", "joins", "this", "expression"):
            self._rewrite_part(node, key)
        for key in node.args:
            if key not in {"with_", "from_", "joins", "this", "expression", "qualify"}:
                self._rewrite_part(node, key)
        if node.args.get("qualify") is not None:
            self._qualify(node, shown)

    def _rewrite_part(self, node: Any, key: str) -> None:
        part = node.args.get(key)
        for child in part if isinstance(part, list) else [part]:
            if not hasattr(child, "args") or _is_all(child):
                continue
            if type(child).__name__ in FRAME:
                self.rewrite(child)
            else:
                self._value(child)

    def _value(self, node: Any) -> None:
        from sqlglot import exp

        value = without_repeats(node, self._kinds)
        if type(node.parent).__name__ == "Alias":
            self._name(node.parent.alias, value.kind)
        node.replace(exp.Var(this=value.text))

    def _name(self, name: str, kind: str | None) -> None:
        known = self._kinds.get(name.lower())
        if kind in {None, "null"} or known == kind:
            return
        if known is not None:
            raise refused(f"column {name!r} is {known} in one place and {kind} in another")
        self._kinds[name.lower()] = str(kind)

    def _qualify(self, select: Any, shown: list[str]) -> None:
        """Write QUALIFY, which Spark lacks, as a selection from a selection; a column of its own stays behind."""
        from sqlglot import exp

        condition = spark_value(select.args["qualify"].this, self._kinds).text
        self._qualified += 1
        name = f"_qualified_{self._qualified}"
        inner = select.copy()
        inner.set("qualify", None)
        inner.append("expressions", exp.alias_(exp.Var(this=condition), name))
        outer = exp.Select(expressions=[exp.Var(this=each) for each in shown])
        within = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("_whole")))
        outer.set("from_", exp.From(this=within))
        outer.set("where", exp.Where(this=exp.Var(this=name)))
        select.replace(outer)


def _is_all(node: Any) -> bool:
    name = type(node).__name__
    return name == "Star" or (name == "Column" and type(node.this).__name__ == "Star")


def _shown(select: Any) -> list[str]:
    """List what a selection shows, as another can take it from there."""
    columns = select.args.get("expressions") or []
    return ["*"] if any(map(_is_all, columns)) else [f"`{column.alias_or_name}`" for column in columns]

"""Layer A: conditions over whole rows, all of a source in one query for each piece of its rows."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from sluiceway.artifacts.example_rows import ExampleRows
from sluiceway.artifacts.validation_report import RuleCheck
from sluiceway.declare.expectation import QUARANTINE, Expectation
from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.plans.quoting import quoted
from sluiceway.ports.engine import Engine
from sluiceway.validate.examples import MOST_ROWS, as_examples, as_text, shown_columns
from sluiceway.validate.rules import blank
from sluiceway.validate.source_table import SourceTable, arrow_pieces, one_zero

EXAMPLES = 3


def measure_rows(table: SourceTable, engine: Engine) -> list[RuleCheck]:
    """Measure every ``row`` expectation; a row for which a condition is unknown, as a value is missing, is not judged.

    Those that quarantine are measured over all rows, the others over those that are left.

    Raises:
        SourceError: the engine refuses a condition.
    """
    wanted = [(each, parse_expression(each.text or "")) for each in table.source.expectations if each.kind == "row"]
    counts: dict[str, tuple[int, int]] = {}
    for apart, rows in ((True, table.everything), (False, table.lazy)):
        judgeable = [
            condition
            for each, condition in wanted
            if (each.on_failure == QUARANTINE) is apart and not _absent(condition, table)
        ]
        found = _counts(table, rows, judgeable, engine)
        counts |= {_key(condition, apart): both for condition, both in zip(judgeable, found, strict=True)}
    return [_measured(table, each, condition, counts, engine) for each, condition in wanted]


def _key(condition: Expression, apart: bool) -> str:  # a key of its own for each of the two
    return f"{apart} {condition.text}"


def _absent(condition: Expression, table: SourceTable) -> list[str]:
    """Name the columns that the table lacks; names match without regard to case."""
    present = {name.lower() for name in table.kinds}
    return sorted(name for name in condition.columns if name.lower() not in present)


def _used(table: SourceTable, names: Sequence[str]) -> list[str]:
    """Name columns as the table does; a query must be given one."""
    wanted = {name.lower() for name in names}
    return [name for name in table.kinds if name.lower() in wanted] or list(table.kinds)[:1]


def _counts(
    table: SourceTable, rows: pl.LazyFrame, conditions: list[Expression], engine: Engine
) -> list[tuple[int, int]]:
    """Count the rows that break each condition, and those it could judge."""
    if not conditions:
        return []
    columns = [f"count(*) FILTER (WHERE NOT {each.sql}), count({each.sql})" for each in conditions]
    sql = f"SELECT {', '.join(columns)} FROM facts"
    sums = [0] * (2 * len(conditions))
    used = _used(table, [name for condition in conditions for name in condition.columns])
    for piece in arrow_pieces(rows, used):
        found = engine.query(sql, {"facts": piece})
        sums = [so_far + int(column[0].as_py()) for so_far, column in zip(sums, found.columns, strict=True)]
    return list(zip(sums[::2], sums[1::2], strict=True))


def _measured(
    table: SourceTable,
    expectation: Expectation,
    condition: Expression,
    counts: dict[str, tuple[int, int]],
    engine: Engine,
) -> RuleCheck:
    check = blank(table.source.name, expectation)
    apart = expectation.on_failure == QUARANTINE
    if _absent(condition, table):
        return replace(check, note=f"there is no column {', '.join(map(repr, _absent(condition, table)))}")
    broken, rows = counts[_key(condition, apart)]
    if not rows:
        return replace(check, note="no row has all the values" if table.height else table.nothing)
    check = replace(check, measured=(rows - broken) / rows, rows=rows, broken=broken)
    if not broken:
        return check
    shown = _first(table, condition, shown_columns(table, check.about), most=MOST_ROWS, engine=engine, apart=apart)
    about = _first(
        table, condition, _used(table, check.about), most=EXAMPLES, engine=engine, apart=apart, distinct=True
    )
    words = [", ".join(f"{name}={as_text(value)}" for name, value in row.items()) for row in about.to_dicts()]
    return replace(check, examples=tuple(words), broken_rows=as_examples(shown) if len(shown) else ExampleRows())


def _first(
    table: SourceTable,
    condition: Expression,
    columns: Sequence[str],
    *,
    most: int,
    engine: Engine,
    apart: bool,
    distinct: bool = False,
) -> pl.DataFrame:
    """Find the first of the rows that break a condition, in the order of some columns: of each piece, then of these."""
    names = ", ".join(map(quoted, columns))
    sql = f"SELECT {'DISTINCT ' * distinct}{names} FROM facts WHERE NOT {condition.sql} ORDER BY ALL LIMIT {most}"
    used = _used(table, [*columns, *condition.columns])
    rows = table.everything if apart else table.lazy
    found = [pl.DataFrame(engine.query(sql, {"facts": piece})) for piece in arrow_pieces(rows, used)]
    whole = one_zero(pl.concat(found, how="vertical_relaxed").lazy())
    whole = whole.unique() if distinct else whole
    return whole.sort(list(columns), nulls_last=True).head(most).collect()

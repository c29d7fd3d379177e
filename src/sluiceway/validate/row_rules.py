"""Layer A: conditions over whole rows, all of a source in one query."""

from dataclasses import replace

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.validation_report import RuleCheck
from sluiceway.declare.expectation import Expectation
from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.ports.engine import Engine
from sluiceway.validate.rules import blank
from sluiceway.validate.source_table import SourceTable

EXAMPLES = 3


def measure_rows(table: SourceTable, engine: Engine) -> list[RuleCheck]:
    """Measure every ``row`` expectation; a row for which a condition is unknown, as a value is missing, is not judged.

    Raises:
        SourceError: the engine refuses a condition.
    """
    wanted = [(each, parse_expression(each.text or "")) for each in table.source.expectations if each.kind == "row"]
    judgeable = [condition for _, condition in wanted if not _absent(condition, table)]
    counts = dict(zip((each.text for each in judgeable), _counts(table, judgeable, engine), strict=True))
    return [_measured(table, each, condition, counts.get(condition.text), engine) for each, condition in wanted]


def _absent(condition: Expression, table: SourceTable) -> list[str]:
    """Name the columns that the table lacks; names match without regard to case."""
    present = {name.lower() for name in table.kinds}
    return sorted(name for name in condition.columns if name.lower() not in present)


def _counts(table: SourceTable, conditions: list[Expression], engine: Engine) -> list[tuple[int, int]]:
    """Count the rows that break each condition, and those it could judge."""
    if not conditions:
        return []
    columns = [f"count(*) FILTER (WHERE NOT {each.sql}), count({each.sql})" for each in conditions]
    sql = f"SELECT {', '.join(columns)} FROM facts"
    found = engine.query(sql, {"facts": _facts(table, conditions)})
    values = [int(column[0].as_py()) for column in found.columns]
    return list(zip(values[::2], values[1::2], strict=True))


def _measured(
    table: SourceTable,
    expectation: Expectation,
    condition: Expression,
    counts: tuple[int, int] | None,
    engine: Engine,
) -> RuleCheck:
    check = blank(table.source.name, expectation)
    if counts is None:
        return replace(check, note=f"there is no column {', '.join(map(repr, _absent(condition, table)))}")
    broken, rows = counts
    if not rows:
        return replace(check, note="no row has all the values" if table.frame.height else "the table is empty")
    examples = _examples(table, condition, engine) if broken else ()
    return replace(check, measured=(rows - broken) / rows, rows=rows, broken=broken, examples=examples)


def _examples(table: SourceTable, condition: Expression, engine: Engine) -> tuple[str, ...]:
    names = ", ".join(f'"{name}"' for name in sorted(condition.columns)) or "1"
    sql = f"SELECT DISTINCT {names} FROM facts WHERE NOT {condition.sql} ORDER BY ALL LIMIT {EXAMPLES}"
    rows = engine.query(sql, {"facts": _facts(table, [condition])}).to_pylist()
    return tuple(", ".join(f"{name}={value}" for name, value in row.items()) for row in rows)


def _facts(table: SourceTable, conditions: list[Expression]) -> pa.Table:
    """Hand over only the columns that are used, of which there must be one."""
    used = {name.lower() for condition in conditions for name in condition.columns}
    columns = [name for name in table.frame.columns if name.lower() in used] or table.frame.columns[:1]
    return table.frame.select(pl.col(columns)).to_arrow()

"""Layer A: statements of the user's own, which must find nothing, or one number within limits."""

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.example_rows import ExampleRows
from sluiceway.artifacts.validation_report import RuleCheck
from sluiceway.core.errors import SourceError
from sluiceway.declare.expectation import Expectation
from sluiceway.plans.lineage import tables_read
from sluiceway.ports.engine import Engine
from sluiceway.validate.examples import MOST_COLUMNS, MOST_ROWS, as_examples
from sluiceway.validate.rules import blank
from sluiceway.validate.source_table import SourceTable, one_zero

Reader = Callable[[str], SourceTable]


def measure_sql_checks(table: SourceTable, read: Reader, engine: Engine) -> list[RuleCheck]:
    """Run every ``sql`` expectation of a source over whole tables, in the order of their rows' values.

    So neither the order in which rows are stored nor how they are cut into files can change what a statement finds.

    Args:
        table: The source.
        read: Finds a source's table by its name in small letters.
        engine: Runs the statements.

    Raises:
        SourceError: the engine refuses a statement, or it gives something else than one number where it must.
    """
    wanted = [each for each in table.source.expectations if each.kind == "sql"]
    return [_measured(table, each, read, engine) for each in wanted]


def _measured(table: SourceTable, expectation: Expectation, read: Reader, engine: Engine) -> RuleCheck:
    sql, check = expectation.text or "", blank(table.source.name, expectation)
    tables = {name: _ordered(read(name.lower())) for name in sorted(tables_read(sql))}
    rows = sum(each.num_rows for each in tables.values())
    try:
        found = engine.query(sql, tables, in_order=True)
    except SourceError as error:
        raise SourceError(f"source {table.source.name!r}, {expectation.name}: {error}") from error
    if check.low is None and check.high is None:
        few = found.slice(0, MOST_ROWS).select(found.column_names[:MOST_COLUMNS])
        shown = as_examples(pl.DataFrame(few)) if few.num_rows else ExampleRows()
        return replace(check, measured=found.num_rows, high=0.0, rows=rows, broken=found.num_rows, broken_rows=shown)
    value = _number(expectation, found)
    return replace(check, measured=value, rows=rows, note="" if value is not None else "the statement gave no number")


def _ordered(table: SourceTable) -> pa.Table:
    """Hold a table whole, its rows sorted by all columns; rows that still tie are equal."""
    rows = one_zero(table.lazy).sort(list(table.kinds), nulls_last=True)
    return rows.collect(engine="streaming").to_arrow()


def _number(expectation: Expectation, found: pa.Table) -> float | None:
    """Take the one number that a statement gives; ``None`` where it is missing.

    Raises:
        SourceError: it gives more than one value, or one that is no number.
    """
    if (found.num_rows, found.num_columns) != (1, 1):
        raise SourceError(
            f"{expectation.name}: with between= the statement must give one number, it gives {found.num_rows:,} rows "
            f"of {found.num_columns} columns; aggregate, or leave between= out so that any row is a failure"
        )
    value = found.column(0)[0].as_py()
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        kind = found.schema.types[0]
        raise SourceError(f"{expectation.name}: with between= the statement must give a number, it is {kind}") from None

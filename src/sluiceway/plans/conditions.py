"""Conditions: which rows a feature's ``where`` is true of, in plain Python."""

from collections.abc import Mapping
from itertools import repeat

import polars as pl

from sluiceway.core.errors import MisuseError
from sluiceway.declare.expression import parse_expression
from sluiceway.plans.request_closure import compile_closure


def where_true(where: str, kinds: Mapping[str, str], rows: pl.DataFrame) -> list[bool]:
    """Ask a condition of each row; missing counts as not true.

    Args:
        where: The condition, as declared.
        kinds: Each column's kind.
        rows: At least the columns that the condition reads.

    Raises:
        MisuseError: it cannot be computed of a row, where the engine would have stopped.
    """
    expression = parse_expression(where)
    closure = compile_closure(expression, kinds)
    names = sorted(expression.columns)
    each = rows.select(names).iter_rows(named=True) if names else repeat({}, len(rows))
    try:
        return [closure(row) is True for row in each]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise MisuseError(f"where={where!r} cannot be computed of some row: {error}") from error

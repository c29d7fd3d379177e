"""Conditions: which rows a feature's ``where`` is true of, in plain Python."""

from collections.abc import Mapping
from itertools import repeat

import polars as pl

from sluiceway.declare.expression import bind_expression, parse_expression
from sluiceway.declare.expression_total import total
from sluiceway.plans.request_closure import compile_tree


def where_true(where: str, kinds: Mapping[str, str], rows: pl.DataFrame) -> list[bool]:
    """Ask a condition of each row; missing counts as not true, and so does what cannot be computed.

    Args:
        where: The condition, as declared.
        kinds: Each column's kind.
        rows: At least the columns that the condition reads.
    """
    expression = parse_expression(where)
    bind_expression(expression, kinds)
    closure, _ = compile_tree(total(expression.tree), kinds)
    names = sorted(expression.columns)
    each = rows.select(names).iter_rows(named=True) if names else repeat({}, len(rows))
    return [closure(row) is True for row in each]

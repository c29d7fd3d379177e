"""Broken rows: which rows break a rule about their own values, as a polars expression."""

from datetime import datetime

import polars as pl

from sluiceway.core.moments import parse_moment
from sluiceway.declare.expectation import Expectation

PYTHON = {"text": str, "boolean": bool, "integer": int | float, "number": int | float}


def breaking(expectation: Expectation, kind: str) -> pl.Expr:
    """Mark the rows that break a rule: true, false, or null where a value is missing and the rule says nothing.

    Args:
        expectation: Of a kind in ``BY_ROW``, but ``row``, which is SQL, and ``reference`` (see ``plans.dangling``).
        kind: The column's type (see ``artifacts.table_ref``).

    Raises:
        ValueError: the kind of expectation is no rule about a row's own values, or a bound is no time.
    """
    column = pl.col(expectation.column or "")
    match expectation.kind:
        case "not_null":
            return missing(column, kind)
        case "between":
            return ~_within(column, kind, expectation)
        case "matches":
            return ~column.str.contains(f"^(?:{expectation.text})$")
        case "contains":
            return ~column.str.contains(expectation.text or "")
        case "one_of":
            return ~_among(column, kind, expectation)
        case "none_of":
            return _among(column, kind, expectation)
    raise ValueError(f"no row breaks {expectation.name!r} by itself")


def wrong_with_pattern(pattern: str) -> str:
    """Say why a text is no regular expression of those that are matched here, or nothing where it is one."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        return str(error).splitlines()[0]
    return ""


def missing(column: pl.Expr, kind: str) -> pl.Expr:
    """Mark the rows without a value; in a column of numbers, NaN is none."""
    return column.is_null() | column.is_nan().fill_null(value=False) if kind == "number" else column.is_null()


def _within(column: pl.Expr, kind: str, expectation: Expectation) -> pl.Expr:
    low, high = (_bound(end, kind) for end in (expectation.low, expectation.high))
    if low is None:
        return column <= pl.lit(high)
    if high is not None:
        return column.is_between(pl.lit(low), pl.lit(high))
    above = column >= pl.lit(low)
    return above & column.is_not_nan() if kind == "number" else above  # polars ranks NaN above all numbers


def _bound(end: float | str | None, kind: str) -> float | str | datetime | None:
    return parse_moment(end) if kind == "time" and isinstance(end, str) else end


def _among(column: pl.Expr, kind: str, expectation: Expectation) -> pl.Expr:
    alike = [
        value
        for value in expectation.values
        if isinstance(value, PYTHON.get(kind, object)) and (kind == "boolean") == isinstance(value, bool)
    ]
    if alike:
        return column.is_in(alike)
    return pl.when(column.is_null()).then(None).otherwise(pl.lit(value=False))

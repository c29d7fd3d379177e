"""Spark values: a piece of Spark SQL that is a value, with its kind, and how to spell the pieces that repeat."""

from typing import NamedTuple

from sluiceway.core.errors import MisuseError
from sluiceway.declare.expression_kind import Kind

HUGE = "huge"  # a 128-bit integer, DECIMAL(38, 0) in Spark
FLOAT = "float"
DECIMAL = "DECIMAL(38, 0)"
WHOLE_FROM = "4503599627370496.0D"  # 2**52: doubles from here on have no fraction


class SparkValue(NamedTuple):
    """A value in Spark SQL; ``kind`` is one of expressions' kinds, ``huge``, ``float``, or ``None`` if not known."""

    text: str
    kind: Kind


def refused(what: str) -> MisuseError:
    """Say that Spark would not give what DuckDB does."""
    return MisuseError(f"Spark: {what}. Compute this view without Spark, or declare it otherwise")


def text_literal(value: str) -> str:
    r"""Write a text as Spark reads it, backslashes included.

    >>> text_literal("it's")
    "'it\\'s'"
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def let(value: str, body: str, *, name: str = "_it") -> str:
    """Compute a value once and use it under a name; Spark SQL has no other way inside an expression."""
    return f"transform(array({value}), {name} -> {body})[0]"

"""Spark casts: conversions that give what DuckDB's give, to the bit; what cannot is refused.

Spark reads a double as decimal text on its way to DECIMAL, which is not exact; so a double becomes a 128-bit integer in
two halves of 48 bits, each exact. Back, DuckDB adds two rounded halves of 64 bits (see ``exact_numbers``), and so does
this.
"""

from sluiceway.declare.expression_kind import Kind
from sluiceway.plans.spark_value import DECIMAL, FLOAT, HUGE, SparkValue, let, refused

HALF = 1 << 48
WORD = 1 << 64
WHOLE = ("integer", "boolean")
NUMERAL = "numeral"  # a text that is empty, or a number as JSON writes it
TIMES = {"time": "+00", "local": ""}  # and what follows them as text
TARGETS = {
    "BIGINT": "integer", "DOUBLE": "number", "VARCHAR": "text", "TEXT": "text", "BOOLEAN": "boolean", "INT128": HUGE,
    "FLOAT": FLOAT, "TIMESTAMPTZ": "time",
}  # fmt: skip
SPARK_TYPES = {
    "integer": "BIGINT", "number": "DOUBLE", "text": "STRING", "boolean": "BOOLEAN", HUGE: DECIMAL, FLOAT: "FLOAT",
    "time": "TIMESTAMP",
}  # fmt: skip
AS_THEY_ARE = {
    "integer": (*WHOLE, HUGE),
    "number": (*WHOLE, "number", FLOAT),
    "text": (*WHOLE, "text"),
    "boolean": (*WHOLE, "number"),
    HUGE: (*WHOLE, HUGE),
    FLOAT: ("number", FLOAT),
    "time": ("time",),
}


def cast(value: SparkValue, target: Kind) -> SparkValue:
    """Convert a value.

    Raises:
        MisuseError: Spark's conversion differs from DuckDB's, or the value's kind is not known.
    """
    kind = str(target)
    if value.kind in {*AS_THEY_ARE[kind], "null"}:
        return SparkValue(f"CAST({value.text} AS {SPARK_TYPES[kind]})", kind)
    if (value.kind, kind) == ("integer", FLOAT):  # multiplied, or Spark leaves the rounding out on the way to DOUBLE
        return SparkValue(f"(CAST({value.text} AS FLOAT) * 1.0F)", kind)
    if (value.kind, kind) == ("number", "integer"):
        return SparkValue(f"CAST(rint({value.text}) AS BIGINT)", kind)
    if (value.kind, kind) == ("number", HUGE):
        return SparkValue(_exact(value.text), kind)
    if (value.kind, kind) == (HUGE, "number"):
        return SparkValue(_as_double(value.text), kind)
    if (value.kind, kind) == (NUMERAL, "number"):  # rounded to nearest by both; what is too large is infinite
        return SparkValue(f"try_cast({value.text} AS DOUBLE)", kind)
    if value.kind in TIMES and kind == "text":
        return SparkValue(_as_text(value), kind)
    raise refused(f"CAST of {value.kind or 'a value of unknown kind'} to {kind} may differ from DuckDB's")


def truncated(double: str) -> str:
    """Drop what is past the point of a finite double."""
    return f"({double} - {double} % 1.0D)"


def _as_text(time: SparkValue) -> str:
    """Write a time as DuckDB does; past four digits of a year, where both write otherwise, the statement stops."""
    years = f"year({time.text}) BETWEEN 1 AND 9999 OR {time.text} IS NULL"
    text = f"concat(CAST({time.text} AS STRING), '{TIMES[str(time.kind)]}')"
    return f"CASE WHEN {years} THEN {text} ELSE raise_error('a time before year 1 or after 9999 as text') END"


def _exact(double: str) -> str:
    """Round a double below 2**110 in size to a whole number, halves to even."""
    high, low = f"CAST({double} / {HALF}.0D AS BIGINT)", f"CAST(rint({double} % {HALF}.0D) AS BIGINT)"
    return f"CAST(CAST({high} AS {DECIMAL}) * {HALF}BD + {low} AS {DECIMAL})"


def _as_double(huge: str) -> str:
    low = f"pmod(_it, {WORD}BD)"
    minus = f"-CAST({WORD - 1}BD - {low} AS DOUBLE) - 1.0D"
    halves = f"CAST({low} AS DOUBLE) + CAST((_it - {low}) / {WORD}BD AS DOUBLE) * {WORD}.0D"
    large = f"if(_it < 0BD AND _it >= -{WORD}BD, {minus}, {halves})"
    return let(huge, f"if(abs(_it) <= {1 << 53}BD, CAST(_it AS DOUBLE), {large})")

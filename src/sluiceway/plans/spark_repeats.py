"""Spark repeats: parts of a large value that stand in it many times, computed once and under a name.

DuckDB finds such parts by itself; Spark's parser takes minutes and gigabytes over them.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sluiceway.plans.spark_expression import spark_value
from sluiceway.plans.spark_value import HUGE, SparkValue, let

if TYPE_CHECKING:
    from sqlglot import exp

LARGE = 100  # columns in one value
PART = 40  # letters of a part that is worth a name


def without_repeats(node: "exp.Expr", kinds: Mapping[str, str]) -> SparkValue:
    """Write a value as ``spark_value`` does; in a large one, each 128-bit integer that repeats is computed once.

    Such integers can be computed outside of the CASE that they stand in: nothing about them stops a query.

    Raises:
        MisuseError: it holds what Spark would compute otherwise.
    """
    from sqlglot import exp

    if len(list(node.find_all(exp.Column))) < LARGE:
        return spark_value(node, kinds)
    whole, known = exp.Paren(this=node.copy()), dict(kinds)
    named: list[tuple[str, str]] = []
    while (part := _smallest_repeat(whole, known)) is not None:
        name = f"_part{len(named)}"
        named.append((name, spark_value(part, known).text))
        written = part.sql("duckdb")
        for same in [each for each in whole.find_all(type(part)) if each.sql("duckdb") == written]:
            same.replace(exp.column(name))
        known[name] = HUGE
    value = spark_value(whole, known)
    text = value.text
    for name, part_text in reversed(named):
        text = let(part_text, text, name=name)
    return SparkValue(text, value.kind)


def _smallest_repeat(node: "exp.Expr", kinds: Mapping[str, str]) -> "exp.Expr | None":
    from sqlglot import exp

    texts: Counter[str] = Counter()
    parts: dict[str, exp.Expr] = {}
    for part in node.find_all(exp.Binary, exp.IntDiv, exp.Cast):
        text = part.sql("duckdb")
        texts[text] += 1
        parts[text] = part
    repeated = sorted((text for text, count in texts.items() if count > 1 and len(text) > PART), key=len)
    return next((parts[text] for text in repeated if spark_value(parts[text], kinds).kind == HUGE), None)

"""The target: what is asked of a row, as a condition that is true or false, or a refusal that says what to ask."""

import shlex
from dataclasses import dataclass
from math import isfinite
from typing import Any

import polars as pl
import pyarrow as pa

from sluiceway.core.errors import DeclarationError, MisuseError, SourceError, UnknownNameError
from sluiceway.declare.expression import bind_expression, parse_expression
from sluiceway.plans.quoting import quoted
from sluiceway.ports.engine import Engine
from sluiceway.start.columns import ColumnFacts, Facts
from sluiceway.start.safe_names import bare

YES = ("1", "true", "yes", "y", "t", "positive", "pos", "churned", "fraud", "default", "bad")
NO = ("0", "false", "no", "n", "f", "negative", "neg", "-1")
TWO, MOST_SHOWN = 2, 5
UPPER_QUARTER = 0.75
SPELLED = {
    ">=": " at least ",
    "<=": " at most ",
    "<>": " not ",
    "!=": " not ",
    ">": " over ",
    "<": " under ",
    "=": " is ",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A condition over the data's own columns: its SQL, the columns it reads, and its truth for each row of the sample.

    ``shown`` is the condition in words, ``wish`` what to call the label. ``doubt`` asks which value counts as yes.
    """

    shown: str
    wish: str
    sql: str
    columns: tuple[str, ...]
    truth: pl.Series
    reason: str
    doubt: str = ""

    @property
    def positives(self) -> int:
        """How many rows of the sample are true."""
        return int(self.truth.sum() or 0)

    @property
    def costs(self) -> tuple[int, int]:
        """What a miss and a false alarm are taken to cost: the rarer answer counts for as much in all as the other."""
        yes, no = max(1, self.positives), max(1, self.known - self.positives)
        return max(1, round(no / yes)), max(1, round(yes / no))

    @property
    def known(self) -> int:
        """How many rows of the sample have an outcome."""
        return len(self.truth) - self.truth.null_count()


def target_of(given: str, facts: Facts, *, table: pa.Table, engine: Engine) -> Target:
    """Read ``--target``: a column with two values, or a condition over columns.

    Raises:
        UnknownNameError: there is no such column.
        MisuseError: the column has no two values, or the condition cannot be or is always the same.
    """
    name = column_named(given, facts)
    sql, reason, doubt = of_column(facts[name]) if name else of_condition(given, facts)
    sql = sql if name else as_written(given, sql, table, engine)
    columns = (name,) if name else tuple(sorted(_own(column, facts) for column in parse_expression(given).columns))
    truth = evaluated(sql, table, engine)
    if truth.n_unique() - bool(truth.null_count()) < TWO:
        always = "missing" if not truth.count() else "true" if truth.any() else "false"
        raise MisuseError(
            f"--target {given}: it is {always} in all {len(truth):,} rows looked at, so that there is nothing "
            "to tell apart; name another column, or a condition that some rows keep and others do not"
        )
    shown = given if name is None else sql.replace(facts[name].sql, name)
    wish = given if name is None else name if says_yes(sql) else shown
    return Target(shown, spelled(wish), sql, columns, truth, reason, doubt)


def column_named(given: str, facts: Facts) -> str | None:
    """Find the column that is meant; ``None`` when it is a condition.

    Raises:
        UnknownNameError: it looks like a name, and nothing is called so.
    """
    if given in facts:
        return given
    folded = [name for name in facts if name.lower() == given.lower()]
    if folded:
        return folded[0]
    if not any(sign in given for sign in "=<>() "):
        raise UnknownNameError("column", given, facts)
    return None


def of_condition(given: str, facts: Facts) -> tuple[str, str, str]:
    """Write a condition as SQL.

    Raises:
        MisuseError: it is none, or names what is not there.
    """
    kinds = {name: each.kind for name, each in facts.items()}
    try:
        expression = parse_expression(given)
        kind = bind_expression(expression, kinds)
    except (DeclarationError, UnknownNameError) as error:
        raise MisuseError(f"--target {given}: {error}") from None
    if kind != "boolean":
        raise MisuseError(
            f'--target {given}: its value is of kind {kind}, and no condition; write one such as "arr_delay > 30"'
        )
    return expression.sql, "classification, by the condition that --target gives", ""


def of_column(facts: ColumnFacts) -> tuple[str, str, str]:
    """Write a column of two values as a condition, and tell why so.

    Raises:
        MisuseError: it has fewer values than two, or more; the message has the condition to ask for instead.
    """
    name, sql, values = facts.name, facts.sql, facts.present().unique().sort().to_list()
    if facts.kind == "boolean":
        return sql, f"classification: {name} is true or false", ""
    if facts.kind == "time" or facts.distinct != TWO:
        raise MisuseError(_refusal(facts, values))
    yes, is_sure = positive_of(values, facts)
    words = f"classification: {name} has the two values {values[0]!r} and {values[1]!r}"
    doubt = (
        "" if is_sure else f"does {yes!r} count as yes? It is the rarer of {values[0]!r} and {values[1]!r} in {name}"
    )
    return f"{sql} = {literal(yes)}", words, doubt


def positive_of(values: list[Any], facts: ColumnFacts) -> tuple[Any, bool]:
    """Find which of two values counts as yes, and whether that is sure; else it is the rarer one."""
    spelled_out = [str(value).strip().lower().removesuffix(".0") for value in values]
    sure = [value for value, text in zip(values, spelled_out, strict=True) if text in YES]
    denied = [text for text in spelled_out if text in NO]
    if len(sure) == 1:
        return sure[0], True
    if len(denied) == 1:
        return next(value for value, text in zip(values, spelled_out, strict=True) if text not in NO), True
    counts = [int((facts.values == value).sum()) for value in values]
    return values[counts.index(min(counts))], False


def says_yes(sql: str) -> bool:
    """Whether a condition on a column only says that it is yes, so that the column's own name says all.

    >>> says_yes("survived = 1"), says_yes("sex = 'female'")
    (True, False)
    """
    value = sql.rpartition(" = ")[2].strip("'").lower().removesuffix(".0")
    return " = " not in sql or value in YES


def literal(value: Any) -> str:
    """Write a value as SQL."""
    if isinstance(value, float) and not isfinite(value):
        return f"'{value}'::DOUBLE"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def as_written(given: str, sql: str, table: pa.Table, engine: Engine) -> str:
    """Prefer a condition as the user wrote it, where as plain SQL it means the same of every row."""
    try:
        return given if evaluated(given, table, engine).equals(evaluated(sql, table, engine)) else sql
    except SourceError:
        return sql


def evaluated(sql: str, table: pa.Table, engine: Engine) -> pl.Series:
    """Give the condition's truth for each row, in order."""
    found = engine.query(
        f"SELECT CAST({sql} AS BOOLEAN) AS truth FROM rows_looked_at", {"rows_looked_at": table}, in_order=True
    )
    return pl.DataFrame(pl.from_arrow(found))["truth"]


def spelled(condition: str) -> str:
    """Write a condition in words.

    >>> spelled("arr_delay >= 30")
    'arr_delay at least 30'
    """
    for sign, words in SPELLED.items():
        condition = condition.replace(sign, words)
    return " ".join(condition.replace("'", "").replace('"', "").split())


def _refusal(facts: ColumnFacts, values: list[Any]) -> str:
    where = f"--target {facts.name}"
    if not values:
        return f"{where}: every value is missing; name another column"
    if len(values) == 1:
        return f"{where}: its only value is {values[0]!r}, so that there is nothing to tell apart; name another column"
    many = f"{where}: it has {len(values):,} values ({_few(values)}), and models answer yes or no"
    return f"{many}; ask for a condition, such as --target {_for_shell(_example(facts))}"


def _example(facts: ColumnFacts) -> str:
    """Write a condition that some rows keep."""
    name = bare(quoted(facts.name))
    if facts.kind == "time":
        return f"{name} IS NOT NULL"
    if facts.kind == "text":
        return f"{name} = {literal(facts.present().mode().sort()[0])}"
    quarter = facts.present().quantile(UPPER_QUARTER, "nearest")
    return f"{name} > {quarter:g}" if facts.values.max() != quarter else f"{name} = {quarter:g}"


def _for_shell(condition: str) -> str:
    return f'"{condition}"' if not set('"$`\\') & set(condition) else shlex.quote(condition)


def _few(values: list[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:MOST_SHOWN])
    return shown + (", …" if len(values) > MOST_SHOWN else "")


def _own(column: str, facts: Facts) -> str:
    """Give a column of an expression, where case does not matter, the name that it has."""
    return next(name for name in facts if name.lower() == column.lower())

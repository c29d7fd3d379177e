"""Partials: what is kept of a set of rows so that sets can be merged and every aggregate still be told.

Sums are exact, and so do not depend on the order in which threads add: a number's whole part and its fraction, in units
of 2**-96, are each summed as 128-bit integers. The results are the same bits on any number of threads, from panes,
from rows, and in the online store.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sluiceway.declare.feature import Feature
from sluiceway.plans.quoting import quoted

LIMIT = "79228162514264337593543950336.0"  # 2**96; 2**31 numbers below it sum within 127 bits
NUMERIC = ("integer", "number", "boolean")
ROWS = ":rows"


@dataclass(frozen=True, slots=True)
class Partial:
    """One mergeable number: its name, the SQL that makes it from rows, and how two of it merge (SUM, MIN or MAX)."""

    name: str
    of_rows: str
    merge: str

    def of_two(self, left: str, right: str) -> str:
        """Merge two of them in SQL; a missing one adds nothing."""
        if self.merge == "SUM":
            return f"coalesce({left}, 0) + coalesce({right}, 0)"
        return f"{'least' if self.merge == 'MIN' else 'greatest'}({left}, {right})"


def number(column: str, kind: str) -> str:
    """Read a column as a number in SQL; what is not finite, or 2**96 and beyond in size, counts as missing."""
    name = quoted(column)
    if kind == "boolean":
        return f"CAST({name} AS BIGINT)"
    if kind == "integer":
        return name
    return f"CASE WHEN abs(CAST({name} AS DOUBLE)) < {LIMIT} THEN CAST({name} AS DOUBLE) END"


def exact_sum(name: str, value: str) -> tuple[Partial, Partial]:
    """Sum doubles exactly: the whole parts, and the fractions in units of 2**-96."""
    whole = f"sum(CAST(trunc({value}) AS HUGEINT))"
    fraction = f"sum(CAST(({value} - trunc({value})) * {LIMIT} AS HUGEINT))"
    return Partial(f"{name}:whole", whole, "SUM"), Partial(f"{name}:fraction", fraction, "SUM")


def partials_of(features: Sequence[Feature], types: Mapping[str, str]) -> tuple[Partial, ...]:
    """List the partials that these window features need, each once.

    Args:
        features: Window features of one view.
        types: Each source column's kind: integer, number, boolean or text.
    """
    needed: dict[str, Partial] = {}
    for feature in features:
        for partial in _needed_by(feature, types):
            needed[partial.name] = partial
    return tuple(needed.values())


def _needed_by(feature: Feature, types: Mapping[str, str]) -> tuple[Partial, ...]:
    if feature.column is None:
        return (Partial(ROWS, "count(*)", "SUM"),)
    column, kind = feature.column, types[feature.column]
    value = number(column, kind) if kind in NUMERIC else quoted(column)
    if feature.kind == "count":
        return (Partial(f"{column}:count", f"count({value})", "SUM"),)
    if feature.kind in {"min", "max"}:
        return (Partial(f"{column}:{feature.kind}", f"{feature.kind}({value})", feature.kind.upper()),)
    total = _sums(column, value, kind)
    counted = Partial(f"{column}:count", f"count({value})", "SUM")
    return (counted, *total)


def _sums(column: str, value: str, kind: str) -> tuple[Partial, ...]:
    if kind in {"integer", "boolean"}:
        return (Partial(f"{column}:whole", f"sum(CAST({value} AS HUGEINT))", "SUM"),)
    return exact_sum(column, value)


def told(feature: Feature, types: Mapping[str, str], merged: Callable[[str], str]) -> str:
    """Say in SQL what a feature is, given how to spell each merged partial.

    Args:
        feature: A window feature.
        types: Each source column's kind.
        merged: From a partial's name to the SQL of its merged value.
    """
    if feature.column is None:
        return f"coalesce({merged(ROWS)}, 0)"
    column = feature.column
    if feature.kind == "count":
        return f"coalesce({merged(f'{column}:count')}, 0)"
    if feature.kind in {"min", "max"}:
        return merged(f"{column}:{feature.kind}")
    count = f"CAST({merged(f'{column}:count')} AS DOUBLE)"
    total = _total(column, types[column] == "number", merged)
    return f"CASE WHEN {count} > 0 THEN {total}{f' / {count}' if feature.kind == 'mean' else ''} END"


def _total(name: str, has_fraction: bool, merged: Callable[[str], str]) -> str:
    whole = f"CAST({merged(f'{name}:whole')} AS DOUBLE)"
    return f"({whole} + CAST({merged(f'{name}:fraction')} AS DOUBLE) / {LIMIT})" if has_fraction else whole


def single(expression: str) -> str:
    """Round to what a float32 holds, kept as a double; beyond its range, and what is not finite, is missing.

    Models take float32: rounding here makes what is stored online, what is trained on and what is served the same bits.
    """
    rounded = f"CAST(TRY_CAST({expression} AS FLOAT) AS DOUBLE)"
    return f"CASE WHEN isfinite({rounded}) THEN {rounded} END"

"""Partials: what is kept of a set of rows so that sets can be merged and every aggregate still be told.

Sums are exact, and so do not depend on the order in which threads add: a number's whole part and its fraction, in units
of 2**-96, are each summed as 128-bit integers. The results are the same bits on any number of threads, from panes,
from rows, and in the online store. What a deviation takes is in ``spread``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sluiceway.declare.expression_total import total_sql
from sluiceway.declare.feature import LAST, Feature
from sluiceway.plans import last_values
from sluiceway.plans.distinct import counted_sql, distinct_sql, merged_sql
from sluiceway.plans.quoting import quoted
from sluiceway.plans.spread import SUMS, bounded, deviation_sql, spread_values

LIMIT = "79228162514264337593543950336.0"  # 2**96; 2**31 numbers below it sum within 127 bits
NUMERIC = ("integer", "number", "boolean")
ROWS = ":rows"


@dataclass(frozen=True, slots=True)
class Partial:
    """One mergeable value: its name, the SQL that makes it from rows, and how two of it merge.

    It is ``part`` of ``column``, over the rows for which ``where`` is true. A part is ``rows``, ``count`` (of present
    values), ``whole`` and ``fraction`` (of the sum), ``min``, ``max``, ``distinct`` (the least hashes, see the module),
    ``last:`` and how many values (``size``, see ``last_values``), or ``std:`` and one of ``spread.SUMS``. Merging is
    SUM, MIN, MAX, DISTINCT or LAST.
    """

    name: str
    of_rows: str
    merge: str
    part: str
    column: str | None = None
    where: str | None = None
    size: int = 0

    def of_two(self, left: str, right: str) -> str:
        """Merge two of them in SQL; a missing one adds nothing."""
        if self.merge == "SUM":
            return f"coalesce({left}, 0) + coalesce({right}, 0)"
        if self.merge == "DISTINCT":
            return merged_sql(left, right)
        if self.merge == "LAST":
            return last_values.merged_sql(left, right, self.size)
        return f"{'least' if self.merge == 'MIN' else 'greatest'}({left}, {right})"


def number(column: str, kind: str) -> str:
    """Read a column as a number in SQL; what is not finite, or 2**96 and beyond in size, counts as missing."""
    name = quoted(column)
    if kind == "boolean":
        return f"CAST({name} AS BIGINT)"
    if kind == "integer":
        return name
    return f"CASE WHEN abs(CAST({name} AS DOUBLE)) < {LIMIT} THEN CAST({name} AS DOUBLE) END"


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
        rows = "count(*)" if feature.where is None else f"count({_kept(feature, '1')})"
        return (_partial(feature, "rows", rows),)
    kind = types[feature.column]
    if feature.kind == "count_distinct":
        return (_partial(feature, "distinct", distinct_sql(_kept(feature, quoted(feature.column))), "DISTINCT"),)
    value = number(feature.column, kind) if kind in NUMERIC else quoted(feature.column)
    if feature.kind == "std":
        return _spread(feature, bounded(value), kind)
    value = _kept(feature, value)
    if feature.kind == LAST:
        size = feature.size or 0
        made = last_values.last_sql(single(value), size)
        return (replace(_partial(feature, last_values.part_of(size), made, "LAST"), size=size),)
    counted = _partial(feature, "count", f"count({value})")
    if feature.kind == "count":
        return (counted,)
    if feature.kind in {"min", "max"}:
        return (_partial(feature, feature.kind, f"{feature.kind}({value})", feature.kind.upper()),)
    return (counted, *_sums(feature, value, kind))


def _sums(feature: Feature, value: str, kind: str) -> tuple[Partial, ...]:
    """Sum exactly: whole numbers, or the whole parts, and the fractions in units of 2**-96."""
    if kind in {"integer", "boolean"}:
        return (_partial(feature, "whole", f"sum(CAST({value} AS HUGEINT))"),)
    whole = f"sum(CAST(trunc({value}) AS HUGEINT))"
    fraction = f"sum(CAST(({value} - trunc({value})) * {LIMIT} AS HUGEINT))"
    return _partial(feature, "whole", whole), _partial(feature, "fraction", fraction)


def _spread(feature: Feature, value: str, kind: str) -> tuple[Partial, ...]:
    value = _kept(feature, value)
    counted = _partial(feature, "std:spread", f"count({value})")
    values = spread_values(value, is_whole=kind != "number")
    return (counted, *(_partial(feature, f"std:{name}", f"sum({added})") for name, added in values.items()))


def _kept(feature: Feature, value: str) -> str:
    """Take a value of the facts that count alone."""
    condition = feature.condition
    return f"CASE WHEN {total_sql(condition)} THEN {value} END" if condition else value


def _partial(feature: Feature, part: str, of_rows: str, merge: str = "SUM") -> Partial:
    return Partial(partial_name(feature, part), of_rows, merge, part, feature.column, feature.where)


def partial_name(feature: Feature, part: str) -> str:
    """Name a part of what a feature needs; features over the same facts share it."""
    condition = feature.condition
    return f"{feature.column or ''}:{part}" + (f" where {condition.sql}" if condition else "")


def told(feature: Feature, types: Mapping[str, str], merged: Callable[[str], str]) -> tuple[str, ...]:
    """Say in SQL what a feature's values are, given how to spell each merged partial.

    Args:
        feature: A window feature.
        types: Each source column's kind.
        merged: From a partial's name to the SQL of its merged value.
    """
    if feature.kind == LAST:
        size = feature.size or 0
        return last_values.told_sql(merged(partial_name(feature, last_values.part_of(size))), size)
    return (_told(feature, types, lambda part: merged(partial_name(feature, part))),)


def _told(feature: Feature, types: Mapping[str, str], part: Callable[[str], str]) -> str:
    if feature.column is None:
        return f"coalesce({part('rows')}, 0)"
    if feature.kind == "count":
        return f"coalesce({part('count')}, 0)"
    if feature.kind in {"min", "max"}:
        return part(feature.kind)
    if feature.kind == "count_distinct":
        return counted_sql(part("distinct"))
    has_fraction = types[feature.column] == "number"
    if feature.kind == "std":
        kept = SUMS if has_fraction else ("spread", "whole", "wholes")
        return deviation_sql(*(_hugeint(part(f"std:{name}")) if name in kept else "0::HUGEINT" for name in SUMS))
    count = f"CAST({part('count')} AS DOUBLE)"
    total = f"CAST({part('whole')} AS DOUBLE)"
    if has_fraction:
        total = f"({total} + CAST({part('fraction')} AS DOUBLE) / {LIMIT})"
    return f"CASE WHEN {count} > 0 THEN {total}{f' / {count}' if feature.kind == 'mean' else ''} END"


def _hugeint(value: str) -> str:
    return f"CAST({value} AS HUGEINT)"


def single(expression: str) -> str:
    """Round to what a float32 holds, kept as a double; beyond its range, and what is not finite, is missing.

    Models take float32: rounding here makes what is stored online, what is trained on and what is served the same bits.
    """
    rounded = f"CAST(TRY_CAST({expression} AS FLOAT) AS DOUBLE)"
    return f"CASE WHEN isfinite({rounded}) THEN {rounded} END"

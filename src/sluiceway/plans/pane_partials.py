"""Pane partials in Python: what ``partials`` says in SQL, for rows that come in batches, and to the same bits.

A partial's value is a whole number (sums), a number (least and greatest), a list (hashes, last values), or ``None``
where no row had one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from sluiceway.declare.feature import LAST, Feature
from sluiceway.plans.conditions import where_true
from sluiceway.plans.distinct import KEPT, counted, hash_of, least
from sluiceway.plans.exact_numbers import UNIT, as_double
from sluiceway.plans.last_values import Told, last, last_of_rows, part_of
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.partials import Partial, partial_name, partials_of
from sluiceway.plans.single_precision import as_single
from sluiceway.plans.spread import SUMS, UNITS, deviation_of

PartialValue = int | float | list[int] | list[Told] | None
Merge = Callable[[Sequence[Any]], PartialValue]
Tell = Callable[[Sequence[PartialValue]], FeatureValue]


def _added(values: Sequence[Any]) -> PartialValue:
    total: int = sum(filter(None, values))
    return total


def _least(values: Sequence[Any]) -> PartialValue:
    return min([value for value in values if value is not None], default=None)


def _greatest(values: Sequence[Any]) -> PartialValue:
    return max([value for value in values if value is not None], default=None)


def _either(values: Sequence[Any]) -> PartialValue:
    return least({each for value in values for each in value or ()})


HASH = ":hash "  # no column has such a name
MARK = ":where "  # no column has such a name
WHOLE_SUMS = ("spread", "whole", "wholes")
MERGES: Mapping[str, Merge] = {"SUM": _added, "MIN": _least, "MAX": _greatest, "DISTINCT": _either}


class PanePartials:
    """The partials of some window features: how they are made of rows, merged, taken away, and told."""

    def __init__(self, features: Sequence[Feature], kinds: Mapping[str, str]) -> None:
        """Work out what is needed.

        Args:
            features: Window features of one view.
            kinds: Each source column's kind.
        """
        self.partials: tuple[Partial, ...] = partials_of(features, kinds)
        self.of_rows: list[pl.Expr] = [_of_rows(partial, kinds) for partial in self.partials]
        self._merges = [_merge_of(partial) for partial in self.partials]
        self._places = {partial.name: place for place, partial in enumerate(self.partials)}
        self._kinds = kinds
        self._conditions = tuple(dict.fromkeys(partial.where for partial in self.partials if partial.where))

    def ready(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add to rows what ``of_rows`` reads: which of them each condition is true of."""
        hashed = {str(partial.column) for partial in self.partials if partial.part == "distinct"}
        rows = rows.with_columns(_hashes(rows, name) for name in sorted(hashed))
        marks = [pl.Series(MARK + text, where_true(text, self._kinds, rows), pl.Boolean) for text in self._conditions]
        return rows.with_columns(marks) if marks else rows

    def merged(self, sets: Sequence[Sequence[PartialValue]]) -> list[PartialValue]:
        """Merge the partials of sets of rows."""
        if not sets:
            return self.nothing
        return [merge(values) for merge, values in zip(self._merges, zip(*sets, strict=True), strict=True)]

    def read(self, made: Sequence[Any]) -> list[PartialValue]:
        """Take over what ``of_rows`` made of some rows."""
        return [
            [tuple(fact.values()) for fact in value] if partial.merge == "LAST" else value
            for partial, value in zip(self.partials, made, strict=True)
        ]

    @property
    def nothing(self) -> list[PartialValue]:
        """The partials of no rows."""
        return [0 if partial.merge == "SUM" else None for partial in self.partials]

    def tellers(self, feature: Feature) -> tuple[Tell, ...]:
        """Make what tells each of a feature's values, as ``partials.told`` and ``single`` do in SQL."""
        if feature.kind == LAST:
            size = feature.size or 0
            kept = self._place(feature, part_of(size))
            return tuple(_last(kept, place) for place in range(size))
        return (self._teller(feature),)

    def _teller(self, feature: Feature) -> Tell:
        if feature.column is None:
            return _count(self._place(feature, "rows"))
        if feature.kind == "count":
            return _count(self._place(feature, "count"))
        if feature.kind == "count_distinct":
            return _distinct(self._place(feature, "distinct"))
        if feature.kind in {"min", "max"}:
            return _extreme(self._place(feature, feature.kind))
        has_fraction = self._kinds[feature.column] == "number"
        if feature.kind == "std":
            parts = SUMS if has_fraction else WHOLE_SUMS
            return _deviation([self._place(feature, f"std:{name}") if name in parts else None for name in SUMS])
        fraction = self._place(feature, "fraction") if has_fraction else None
        counted, whole = self._place(feature, "count"), self._place(feature, "whole")
        return _sum(counted, whole, fraction, is_mean=feature.kind == "mean")

    def _place(self, feature: Feature, part: str) -> int:
        return self._places[partial_name(feature, part)]


def _merge_of(partial: Partial) -> Merge:
    if partial.merge != "LAST":
        return MERGES[partial.merge]

    def merged(values: Sequence[Any]) -> PartialValue:
        return last([each for value in values for each in value or ()], partial.size)

    return merged


def _of_rows(partial: Partial, kinds: Mapping[str, str]) -> pl.Expr:
    counting = pl.col(MARK + partial.where) if partial.where else None
    if partial.column is None:
        rows = pl.len() if counting is None else counting.sum()
        return rows.cast(pl.Int64).alias(partial.name)
    kind = kinds[partial.column]
    if partial.part == "distinct":
        hashes = pl.col(HASH + partial.column)
        kept = hashes if counting is None else hashes.filter(counting)
        return kept.drop_nulls().unique().sort().head(KEPT).alias(partial.name)
    value = _value(partial.column, kind)
    if counting is not None:
        value = pl.when(counting).then(value)
    if partial.merge == "LAST":
        return last_of_rows(value, partial.size).alias(partial.name)
    return _part(value, partial.part, kind).alias(partial.name)


def _hashes(rows: pl.DataFrame, column: str) -> pl.Series:
    values = [None if value is None else hash_of(value) for value in rows.get_column(column).to_list()]
    return pl.Series(HASH + column, values, pl.UInt64)


def _part(value: pl.Expr, part: str, kind: str) -> pl.Expr:
    if part.startswith("std:"):
        return _spread(pl.when((value > -UNITS) & (value < UNITS)).then(value), part.removeprefix("std:"), kind)
    if part == "count":
        return value.count().cast(pl.Int64)
    if part == "min":
        return value.min()
    if part == "max":
        return value.max()
    if kind != "number":
        return value.cast(pl.Int128).sum()
    whole = pl.when(value >= 0).then(value.floor()).otherwise(value.ceil())
    if part == "whole":
        return whole.cast(pl.Int128).sum()
    return ((value - whole) * UNIT).round(0, mode="half_to_even").cast(pl.Int128).sum()


def _spread(value: pl.Expr, part: str, kind: str) -> pl.Expr:
    if part == "spread":
        return value.count().cast(pl.Int64)
    truncated = pl.when(value >= 0).then(value.floor()).otherwise(value.ceil()) if kind == "number" else value
    scaled = (value - truncated) * float(UNITS)
    whole = truncated.cast(pl.Int128)
    units = pl.when(scaled >= 0).then(scaled.floor()).otherwise(scaled.ceil()).cast(pl.Int128)
    added = {"whole": whole, "units": units, "wholes": whole * whole, "cross": whole * units, "squares": units * units}
    return added[part].sum()


def _value(column: str, kind: str) -> pl.Expr:
    """Read a column as ``partials.number`` does; what is not finite, or 2**96 and beyond in size, is missing."""
    value = pl.col(column)
    if kind == "boolean":
        return value.cast(pl.Int64)
    return pl.when(value.abs() < UNIT).then(value) if kind == "number" else value


def _count(place: int) -> Tell:
    return lambda values: as_single(_number(values[place]))


def _distinct(place: int) -> Tell:
    return lambda values: as_single(counted(_list(values[place])))


def _last(kept: int, place: int) -> Tell:
    def tell(values: Sequence[PartialValue]) -> FeatureValue:
        told: Any = values[kept] or ()
        return told[place][2] if place < len(told) else None

    return tell


def _list(value: Any) -> list[int]:
    return value if isinstance(value, list) else []


def _number(value: PartialValue) -> float:
    return value if isinstance(value, int | float) else 0


def _extreme(place: int) -> Tell:
    def tell(values: Sequence[PartialValue]) -> FeatureValue:
        value = values[place]
        return as_single(value) if isinstance(value, int | float) else None

    return tell


def _deviation(places: Sequence[int | None]) -> Tell:
    def tell(values: Sequence[PartialValue]) -> FeatureValue:
        count, whole, units, wholes, cross, squares = (
            0 if place is None else int(_number(values[place])) for place in places
        )
        found = deviation_of(count, whole, units, wholes, cross, squares)
        return None if found is None else as_single(found)

    return tell


def _sum(count: int, whole: int, fraction: int | None, *, is_mean: bool) -> Tell:
    def tell(values: Sequence[PartialValue]) -> FeatureValue:
        rows = _number(values[count])
        if not rows:
            return None
        total = as_double(int(_number(values[whole])))
        if fraction is not None:
            total += as_double(int(_number(values[fraction]))) / UNIT
        return as_single(total / rows if is_mean else total)

    return tell

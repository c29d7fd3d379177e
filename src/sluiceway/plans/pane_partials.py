"""Pane partials in Python: what ``partials`` says in SQL, for rows that come in batches, and to the same bits.

A partial's value is a whole number (sums), a number or text (least and greatest), or ``None`` where no row had one.
"""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from sluiceway.declare.feature import Feature
from sluiceway.plans.exact_numbers import UNIT, as_double
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.partials import ROWS, Partial, partials_of
from sluiceway.plans.single_precision import as_single

PartialValue = int | float | None
Merge = Callable[[PartialValue, PartialValue], PartialValue]
Tell = Callable[[Sequence[PartialValue]], FeatureValue]


def _added(left: PartialValue, right: PartialValue) -> PartialValue:
    return (left or 0) + (right or 0)


def _least(left: PartialValue, right: PartialValue) -> PartialValue:
    return left if right is None or (left is not None and left <= right) else right


def _greatest(left: PartialValue, right: PartialValue) -> PartialValue:
    return left if right is None or (left is not None and left >= right) else right


MERGES: Mapping[str, Merge] = {"SUM": _added, "MIN": _least, "MAX": _greatest}


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
        self._merges = [MERGES[partial.merge] for partial in self.partials]
        self._places = {partial.name: place for place, partial in enumerate(self.partials)}
        self._kinds = kinds

    def merged(self, left: Sequence[PartialValue], right: Sequence[PartialValue]) -> list[PartialValue]:
        """Merge the partials of two sets of rows."""
        return [merge(one, other) for merge, one, other in zip(self._merges, left, right, strict=True)]

    @property
    def nothing(self) -> list[PartialValue]:
        """The partials of no rows."""
        return [0 if partial.merge == "SUM" else None for partial in self.partials]

    def teller(self, feature: Feature) -> Tell:
        """Make what tells a feature's value of merged partials, as ``partials.told`` and ``single`` do in SQL."""
        column, kind, at = feature.column, feature.kind, self._places
        if column is None:
            return _count(at[ROWS])
        if kind == "count":
            return _count(at[f"{column}:count"])
        if kind in {"min", "max"}:
            return _extreme(at[f"{column}:{kind}"])
        fraction = at[f"{column}:fraction"] if self._kinds[column] == "number" else None
        return _sum(at[f"{column}:count"], at[f"{column}:whole"], fraction, is_mean=kind == "mean")


def _of_rows(partial: Partial, kinds: Mapping[str, str]) -> pl.Expr:
    if partial.name == ROWS:
        return pl.len().cast(pl.Int64).alias(ROWS)
    column, _, part = partial.name.rpartition(":")
    return _part(_value(column, kinds[column]), part, kinds[column]).alias(partial.name)


def _part(value: pl.Expr, part: str, kind: str) -> pl.Expr:
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


def _value(column: str, kind: str) -> pl.Expr:
    """Read a column as ``partials.number`` does; what is not finite, or 2**96 and beyond in size, is missing."""
    value = pl.col(column)
    if kind == "boolean":
        return value.cast(pl.Int64)
    return pl.when(value.abs() < UNIT).then(value) if kind == "number" else value


def _count(place: int) -> Tell:
    return lambda values: as_single(values[place] or 0)


def _extreme(place: int) -> Tell:
    def tell(values: Sequence[PartialValue]) -> FeatureValue:
        value = values[place]
        return None if value is None else as_single(value)

    return tell


def _sum(count: int, whole: int, fraction: int | None, *, is_mean: bool) -> Tell:
    def tell(values: Sequence[PartialValue]) -> FeatureValue:
        counted = values[count]
        if not counted:
            return None
        total = as_double(int(values[whole] or 0))
        if fraction is not None:
            total += as_double(int(values[fraction] or 0)) / UNIT
        return as_single(total / counted if is_mean else total)

    return tell

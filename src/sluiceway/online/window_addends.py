"""Window addends: what each fact adds to the sums and extremes of a window, as lists by its place.

They are made once for all windows of a view. Striking a fact out makes it add nothing, and so take nothing away. A fact
for which a feature's condition is not true adds nothing to it from the start.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import polars as pl

from sluiceway.declare.feature import Feature
from sluiceway.online.known_rows import KnownRows
from sluiceway.plans.conditions import where_true
from sluiceway.plans.distinct import hash_of
from sluiceway.plans.exact_numbers import UNIT, exact_parts
from sluiceway.plans.spread import UNITS, split

Value = TypeVar("Value")
Whole = list[int]
Extreme = list[float | None]
Hashes = list[int | None]
Ranks = list[int | None]


class WindowAddends:
    """Lists of addends by name, each made when it is first asked for."""

    def __init__(self, rows: KnownRows, kinds: Mapping[str, str]) -> None:
        self._rows = rows
        self._kinds = kinds
        self._sums: dict[tuple[str, str | None, str | None], Whole] = {}
        self._extremes: dict[tuple[str | None, str | None], Extreme] = {}
        self._hashes: dict[tuple[str | None, str | None], Hashes] = {}
        self._lasts: dict[tuple[str | None, str | None], tuple[Ranks, list[float]]] = {}
        self._counting: dict[str, list[bool]] = {}

    def sums(self, feature: Feature, part: str) -> Whole:
        """Give a part of what a feature needs, each that ``plans.partials`` merges by SUM."""
        name = (part, feature.column, feature.where)
        if name not in self._sums:
            made = self._made(str(feature.column), part) if part != "rows" else [1] * len(self._rows.known)
            self._sums[name] = self._kept(feature, made, 0)
        return self._sums[name]

    def extremes(self, feature: Feature) -> Extreme:
        """Give a column's values as float32 holds them: the least of the rounded is the rounded least."""
        name = (feature.column, feature.where)
        if name not in self._extremes:
            values = self._numbers(str(feature.column)).cast(pl.Float32).cast(pl.Float64).to_list()
            self._extremes[name] = self._kept(feature, values, None)
        return self._extremes[name]

    def hashes(self, feature: Feature) -> Hashes:
        """Give the hashes of a column's values."""
        name = (feature.column, feature.where)
        if name not in self._hashes:
            values = self._rows.frame.get_column(str(feature.column)).to_list()
            hashed = [None if value is None else hash_of(value) for value in values]
            self._hashes[name] = self._kept(feature, hashed, None)
        return self._hashes[name]

    def lasts(self, feature: Feature) -> tuple[Ranks, list[float]]:
        """Rank a column's values as ``plans.last_values`` orders them, the last highest; and give each rank's value."""
        name = (feature.column, feature.where)
        if name not in self._lasts:
            rounded = self._numbers(str(feature.column)).cast(pl.Float32).cast(pl.Float64).to_list()
            values = [value if value is None else value or 0.0 for value in self._kept(feature, rounded, None)]
            known, event = self._rows.known, self._rows.event
            told = sorted(
                (known[place], event[place], value, place) for place, value in enumerate(values) if value is not None
            )
            ranks: Ranks = [None] * len(values)
            for rank, (_, _, _, place) in enumerate(told):
                ranks[place] = rank
            self._lasts[name] = ranks, [value for _, _, value, _ in told]
        return self._lasts[name]

    def strike(self, place: int) -> None:
        """Let a fact add nothing any more, in any list."""
        for addends in self._sums.values():
            addends[place] = 0
        for values in self._extremes.values():
            values[place] = None
        for hashes in self._hashes.values():
            hashes[place] = None
        for ranks, _ in self._lasts.values():
            ranks[place] = None

    def _made(self, column: str, part: str) -> Whole:
        if part == "count":
            return self._numbers(column).is_not_null().cast(pl.Int64).to_list()
        if part.startswith("std:"):
            return self._spread(column, part.removeprefix("std:"))
        values = self._numbers(column)
        if self._kinds[column] != "number":
            return values.fill_null(0).to_list()
        place = ("whole", "fraction").index(part)
        return [exact_parts(value)[place] for value in values.fill_null(0.0)]

    def _spread(self, column: str, part: str) -> Whole:
        numbers = self._numbers(column)
        small = pl.select(pl.when((numbers > -UNITS) & (numbers < UNITS)).then(numbers)).to_series()
        if part == "spread":
            return small.is_not_null().cast(pl.Int64).to_list()
        of = SPREAD[part]
        return [of(*split(value)) for value in small.fill_null(0)]

    def _numbers(self, column: str) -> pl.Series:
        """Read a column; of numbers, what is not finite, or 2**96 and beyond in size, is missing."""
        values = self._rows.frame.get_column(column)
        if self._kinds[column] == "boolean":
            return values.cast(pl.Int64)
        if self._kinds[column] != "number":
            return values
        numbers = values.cast(pl.Float64)
        return pl.select(pl.when(numbers.abs() < UNIT).then(numbers)).to_series()

    def _kept(self, feature: Feature, values: list[Value], nothing: Value) -> list[Value]:
        if feature.where is None:
            return values
        if feature.where not in self._counting:
            self._counting[feature.where] = where_true(feature.where, self._kinds, self._rows.frame)
        counting = self._counting[feature.where]
        return [value if counts else nothing for value, counts in zip(values, counting, strict=True)]


SPREAD: dict[str, Callable[[int, int], int]] = {
    "whole": lambda whole, _units: whole,
    "units": lambda _whole, units: units,
    "wholes": lambda whole, _units: whole * whole,
    "cross": lambda whole, units: whole * units,
    "squares": lambda _whole, units: units * units,
}

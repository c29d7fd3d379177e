"""Window addends: what each fact adds to the sums and extremes of a window, as lists by its place.

They are made once for all windows of a view. Striking a fact out makes it add nothing, and so take nothing away.
"""

from collections.abc import Callable, Mapping

import polars as pl

from sluiceway.online.known_rows import KnownRows
from sluiceway.plans.exact_numbers import UNIT, exact_parts

Whole = list[int]
Extreme = list[float | None]


class WindowAddends:
    """Lists of addends by name, each made when it is first asked for."""

    def __init__(self, rows: KnownRows, kinds: Mapping[str, str]) -> None:
        self._rows = rows
        self._kinds = kinds
        self._sums: dict[str, Whole] = {}
        self._extremes: dict[str, Extreme] = {}

    def rows(self) -> Whole:
        """Give 1 for every fact."""
        return self._sums.setdefault("rows", [1] * len(self._rows.known))

    def present(self, column: str) -> Whole:
        """Give 1 where a column has a value that counts."""
        return self._sum(f"{column}:count", lambda: self._numbers(column).is_not_null().cast(pl.Int64).to_list())

    def wholes(self, column: str) -> Whole:
        """Give a column's whole parts."""
        return self._sum(f"{column}:whole", lambda: [whole for whole, _ in self._parts(column)])

    def fractions(self, column: str) -> Whole:
        """Give the fractions of a column of numbers, in units of 2**-96."""
        return self._sum(f"{column}:fraction", lambda: [fraction for _, fraction in self._parts(column)])

    def extremes(self, column: str) -> Extreme:
        """Give a column's values as float32 holds them: the least of the rounded is the rounded least."""
        if column not in self._extremes:
            self._extremes[column] = self._numbers(column).cast(pl.Float32).cast(pl.Float64).to_list()
        return self._extremes[column]

    def strike(self, place: int) -> None:
        """Let a fact add nothing any more, in any list."""
        for addends in self._sums.values():
            addends[place] = 0
        for values in self._extremes.values():
            values[place] = None

    def _sum(self, name: str, make: Callable[[], Whole]) -> Whole:
        if name not in self._sums:
            self._sums[name] = make()
        return self._sums[name]

    def _parts(self, column: str) -> list[tuple[int, int]]:
        values = self._numbers(column)
        if self._kinds[column] == "number":
            return [exact_parts(value) for value in values.fill_null(0.0)]
        return [(value, 0) for value in values.fill_null(0)]

    def _numbers(self, column: str) -> pl.Series:
        """Read a column; of numbers, what is not finite, or 2**96 and beyond in size, is missing."""
        values = self._rows.frame.get_column(column)
        if self._kinds[column] == "boolean":
            return values.cast(pl.Int64)
        if self._kinds[column] != "number":
            return values
        numbers = values.cast(pl.Float64)
        return pl.select(pl.when(numbers.abs() < UNIT).then(numbers)).to_series()

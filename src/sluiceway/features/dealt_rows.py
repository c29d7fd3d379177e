"""Dealt rows: rows of a table too large to be held, dealt out to parts by a hash, on disk until a part is asked for.

The hash decides nothing but which rows share a part, and is nowhere written down.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import polars as pl
import pyarrow as pa

from sluiceway.features.fact_layout import PART, needed
from sluiceway.ports.derived_store import DerivedStore


class DealtRows:
    """Takes rows run by run, each kept sorted by part; gives them part by part.

    Args:
        key: From a run's number to where it lies.
        by: Rows that agree in these columns share a part.
        parts: How many parts there are.
        derived: Keeps the runs; it must keep what it is given.
    """

    def __init__(self, key: Callable[[int], str], *, by: Sequence[str], parts: int, derived: DerivedStore) -> None:
        self._key, self._by, self._parts, self._derived = key, by, parts, derived
        self._slices: list[list[tuple[int, int]]] = []  # by run, by part: start and rows

    def add(self, rows: pl.DataFrame) -> None:
        """Take one more run."""
        part = (pl.struct(*self._by).hash(seed=0) % self._parts).cast(pl.Int64).alias(PART)
        ordered = rows.with_columns(part).sort(PART)
        ends = ordered.get_column(PART).search_sorted(pl.Series(range(self._parts + 1))).to_list()
        self._derived.put(self._key(len(self._slices)), ordered.drop(PART).to_arrow())
        self._slices.append([(start, end - start) for start, end in pairwise(ends)])

    def part(self, number: int) -> pl.DataFrame:
        """Put a part together, of one run at least.

        Raises:
            DamagedError: a run was removed meanwhile.
        """
        runs = (needed(self._derived, self._key(place)).slice(*each[number]) for place, each in enumerate(self._slices))
        return pl.DataFrame(pl.from_arrow(pa.concat_tables(runs)))

    def drop(self) -> None:
        """Forget the runs."""
        self._derived.drop([self._key(number) for number in range(len(self._slices))])

"""Shares of rows: all rows with the same values are in one of them, so that values can be told apart share by share."""

from collections.abc import Sequence

import polars as pl
import polars.selectors as cs

VALUES_AT_ONCE = 8_000_000


def shares(rows: pl.LazyFrame, names: Sequence[str], *, height: int) -> list[pl.LazyFrame]:
    """Divide rows by the values of some columns, so that the values of each share are few enough to be held.

    Args:
        rows: The rows; each share reads them again.
        names: Columns. What polars takes for equal in all of them is in one share.
        height: How many rows there are, about.
    """
    count = -(-height * len(names) // VALUES_AT_ONCE)
    if count <= 1:
        return [rows]
    place = pl.struct(pl.col(list(names))).hash(seed=0) % count
    return [one_way(rows, names).filter(place == share) for share in range(count)]


def one_way(rows: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """Write every zero and every NaN of some columns in one way: they are equal, but their hashes need not be."""
    floats = cs.float() & cs.by_name(*names)
    plain = pl.when(floats == 0).then(0.0).when(floats.is_nan()).then(float("nan")).otherwise(floats)
    return rows.with_columns(plain.name.keep())

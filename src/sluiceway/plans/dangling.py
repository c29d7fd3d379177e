"""Dangling references: rows that point at a key which the other source has not."""

from collections.abc import Mapping

import polars as pl


def dangling(kinds: Mapping[str, str], keys: pl.DataFrame) -> tuple[pl.Expr, pl.Expr]:
    """Mark the rows whose columns stand nowhere as a key, and the rows that can be judged.

    A row that lacks any of its columns is not judged, as in SQL's ``MATCH SIMPLE``; a key that lacks a part is none.
    NaN counts as missing. A number with a fraction equals no whole number.

    Args:
        kinds: The columns that refer and the kind of each, in the key's order.
        keys: The other source's key, a column for each.
    """
    pairs = list(zip(kinds.items(), keys.schema.items(), strict=True))
    judged = pl.all_horizontal([_is_there(name, kind) for (name, kind), _ in pairs])
    parts = [_as_key(name, kind, dtype).alias(key) for (name, kind), (key, dtype) in pairs]
    known = keys.drop_nulls().unique()
    if len(parts) == 1:
        found = parts[0].is_in(known.to_series().implode())
    else:
        found = pl.struct(parts).is_in(known.to_struct().implode())
    return judged & ~found.fill_null(value=False), judged


def _is_there(name: str, kind: str) -> pl.Expr:
    there = pl.col(name).is_not_null()
    return there & ~pl.col(name).cast(pl.Float64).is_nan() if kind == "number" else there


def _as_key(name: str, kind: str, dtype: pl.DataType) -> pl.Expr:
    """Write a column in a key's type; what has no place there becomes missing."""
    written = pl.col(name).cast(dtype, strict=False)
    if kind == "number" and dtype.is_integer():
        return pl.when(pl.col(name) == pl.col(name).round()).then(written)
    return written

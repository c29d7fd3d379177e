"""Stored kinds: the types in memory of columns of each kind; times are microseconds."""

from collections.abc import Mapping

import polars as pl

from sluiceway.artifacts.table_ref import NUMBERS

STORED: Mapping[str, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "time": pl.Int64(),
    NUMBERS: pl.List(pl.Float64()),
}

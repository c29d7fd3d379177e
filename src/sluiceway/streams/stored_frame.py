"""Stored frames: rows of a source's table in the shape that decoded messages have."""

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.plans.corrections import EVENT, KNOWN
from sluiceway.streams.decoding import OFFSET
from sluiceway.streams.stored_kinds import STORED


def stored_frame(table: pa.Table | pl.DataFrame, kinds: Mapping[str, str]) -> pl.DataFrame:
    """Give a table's rows the shape that decoded messages have; rows without one of their times are none."""
    frame = pl.DataFrame(table).rename({EVENT_TIME: EVENT, KNOWN_TIME: KNOWN}).drop_nulls([EVENT, KNOWN])
    times = [name for name in frame.columns if name in {EVENT, KNOWN} or kinds.get(name) == "time"]
    return frame.with_columns(
        *(pl.col(name).dt.timestamp("us") for name in times),
        *(pl.col(name).cast(STORED[kinds[name]]) for name in frame.columns if name not in times),
        pl.lit(-1, pl.Int64).alias(OFFSET),
    )

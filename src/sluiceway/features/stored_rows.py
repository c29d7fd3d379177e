"""Stored rows: a table too large to be held, as rows to be read piece by piece, as often as a statement asks."""

from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.rows import Rows, in_batches

SLICE_ROWS = 512 * 1024
WIDE_TEXTS = {pa.large_string(), pa.string_view()}


def stored_rows(frame: pl.LazyFrame, count: int, files: tuple[str, ...] = ()) -> Rows:
    """Make rows of a frame, read anew whenever they are asked for, in any order.

    Args:
        frame: Of columns as tables are stored.
        count: How many rows it has.
        files: Where the same rows lie, for who reads files by itself.
    """
    found = pl.DataFrame(schema=frame.collect_schema()).to_arrow().schema
    schema = pa.schema([(each.name, pa.string() if each.type in WIDE_TEXTS else each.type) for each in found])

    def read(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        names = schema.names if columns is None else list(columns)
        kinds = pa.schema([schema.field(name) for name in names])
        pieces = (piece.collect(engine="streaming") for piece in sliced(frame.select(names), count))
        return in_batches(piece.to_arrow().cast(kinds) for piece in pieces)

    return Rows(schema, count, read, files=files)


def sliced(frame: pl.LazyFrame, count: int, *, slice_rows: int = SLICE_ROWS) -> Iterator[pl.LazyFrame]:
    """Cut a frame of ``count`` rows into slices, one at least, each to be read when its turn comes.

    Reading a frame batch by batch, polars decodes some twenty row groups ahead of whoever is slower than it.
    """
    for start in range(0, max(count, 1), slice_rows):
        yield frame.slice(start, slice_rows)

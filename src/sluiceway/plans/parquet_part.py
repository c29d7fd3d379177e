"""Parquet parts: rows as immutable bytes, in memory."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq


def encode_part(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> bytes:
    """Write rows as one Parquet file; equal batches give equal bytes, as long as Arrow's writer is the same."""
    target = pa.BufferOutputStream()
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        writer.write(pa.Table.from_batches(batches, schema))
    data: bytes = target.getvalue().to_pybytes()
    return data


def decode_part(data: bytes) -> pa.Table:
    """Read rows back."""
    return pq.read_table(pa.BufferReader(data))

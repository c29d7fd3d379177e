"""List columns: lists of numbers, such as embeddings, as tables hold them.

A list's members are doubles. What is missing in it, or is no number (NaN), is null, and zero has no sign: so that
lists that are the same compare as the same wherever they are sorted, hashed and compared.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.rows import Rows

STORED = pa.list_(pa.float64())
MOST_MEMBERS = 2**31 - 1  # of one array, whose offsets have 32 bits


def holds_numbers(data_type: pa.DataType) -> bool:
    """Tell whether a type is a list of numbers, of fixed size or not; one that only ever was empty is one, too."""
    if not is_list(data_type):
        return False
    is_a, member = pa.types, data_type.value_type
    return bool(is_a.is_integer(member) or is_a.is_floating(member) or is_a.is_decimal(member) or is_a.is_null(member))


def is_list(data_type: pa.DataType) -> bool:
    """Tell whether a type is a list, in any of its layouts."""
    is_a = pa.types
    return bool(
        is_a.is_list(data_type)
        or is_a.is_large_list(data_type)
        or is_a.is_fixed_size_list(data_type)
        or is_a.is_list_view(data_type)
        or is_a.is_large_list_view(data_type)
    )


def as_stored(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bring lists of numbers into the one form that tables hold; whole numbers and decimals go to the nearest double.

    Raises:
        ArrowInvalid: there are more than 2**31 members in one chunk.
    """
    return pa.chunked_array([_stored(chunk) for chunk in values.chunks], STORED)


def _stored(lists: pa.Array) -> pa.Array:
    members = pc.add(pc.cast(lists.flatten(), pa.float64(), safe=False), 0.0)  # -0.0 + 0.0 is 0.0
    unknown = pc.is_nan(members)
    if pc.any(unknown).as_py():
        members = pc.if_else(unknown, pa.scalar(None, pa.float64()), members)
    ends = np.zeros(len(lists) + 1, np.int64)
    np.cumsum(sizes(lists), out=ends[1:])
    if ends[-1] > MOST_MEMBERS:
        raise pa.ArrowInvalid(f"{ends[-1]:,} numbers in one piece of lists are more than {MOST_MEMBERS:,}")
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), members, type=STORED, mask=lists.is_null())


def stored_lists(table: pa.Table) -> pa.Table:
    """Bring a table's columns of lists of numbers into the form that tables hold; others stay."""
    for place, field in enumerate(table.schema):
        if holds_numbers(field.type):
            table = table.set_column(place, pa.field(field.name, STORED), as_stored(table.column(place)))
    return table


def stored_rows(rows: Rows) -> Rows:
    """Bring rows' lists of numbers into the form that tables hold, as they are read; other columns stay."""
    if not any(holds_numbers(field.type) for field in rows.schema):
        return rows
    schema = stored_lists(rows.schema.empty_table()).schema

    def read(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        for batch in rows.read(columns):
            yield from stored_lists(pa.Table.from_batches([batch])).combine_chunks().to_batches()

    return Rows(schema, rows.num_rows, read)


def sizes(lists: pa.Array) -> np.ndarray:
    """Count the members of each list, 0 where it is missing."""
    return pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def with_nan(lists: pa.Array) -> pa.Array:
    """Write NaN for missing members, which sorts last everywhere, while engines differ on where a null goes."""
    members = pc.fill_null(lists.flatten(), float("nan"))
    ends = np.zeros(len(lists) + 1, np.int32)
    np.cumsum(sizes(lists), out=ends[1:])
    return pa.ListArray.from_arrays(pa.array(ends), members, type=STORED, mask=lists.is_null())


def member_bytes(lists: pa.Array) -> bytes:
    """Give the members of all lists, one after the other, as little-endian doubles; missing ones as the one NaN."""
    members = pc.fill_null(lists.flatten(), float("nan")).to_numpy(zero_copy_only=False)
    return bytes(np.where(np.isnan(members), np.nan, members).astype("<f8", copy=False).data)


def sort_key(name: str, dtype: pl.DataType) -> pl.Expr:
    """Order a column of a frame as SQL orders it: of lists, missing members are greatest."""
    column = pl.col(name)
    return column.list.eval(pl.element().fill_null(float("nan"))) if isinstance(dtype, pl.List) else column


def as_in_tables(lists: pl.Series) -> pl.Series:
    """Bring lists of messages into the form of tables; what is not finite is missing, as JSON has no word for it."""
    member = pl.element()
    return lists.list.eval(pl.when(member == 0).then(0.0).when(member.is_finite()).then(member))

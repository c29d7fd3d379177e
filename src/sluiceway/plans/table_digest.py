"""Table digests: the identity of a table's logical content, however its bytes happen to lie."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.rows import Rows
from sluiceway.artifacts.table_ref import NUMBERS, Column, TableRef
from sluiceway.core.digest import canonical_json
from sluiceway.core.errors import SourceError
from sluiceway.plans import list_columns

LAYOUT = b"sluiceway table 1\n"
STORED_AS = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "time": pa.timestamp("us", "UTC"),
    "boolean": pa.bool_(),
    NUMBERS: list_columns.STORED,
}
INSTEAD = {
    "list": "only lists of numbers are columns; unnest it, or join it into text",
    "struct": "select its fields as columns of their own",
    "map": "select its entries as columns of their own",
    "union": "select one member as a column of its own",
    "binary": "decode it to text, or leave it out",
    "time of day": "add it to a date, or turn it into seconds with epoch()",
    "duration": "turn it into a number of seconds with epoch()",
}


def table_content_id(table: pa.Table) -> str:
    """Hash the schema and the rows in sorted order to 64 hexadecimal digits.

    Equal content gives an equal id whatever the order of rows, the chunks, the dictionaries, the width of integers or
    floats, the encoding on disk and the versions of libraries. Column names, their order and kinds count.

    SHA-256 runs over ``LAYOUT``, then canonical JSON of ``[rows, [[name, kind], ...]]``, a newline, and column by
    column, rows sorted by all columns from left to right with nulls first and NaN last: one bit a row, least
    significant first, set where the value is null; then the values, little-endian, zero where null: integer int64,
    number float64 with one NaN and no negative zero, time int64 microseconds since 1970 UTC, boolean one byte, text
    ``rows + 1`` int64 offsets and the UTF-8 bytes, numbers as many offsets and the float64 of all lists, NaN where
    missing.

    Raises:
        SourceError: what ``normalise`` refuses.
    """
    return _sorted_content_id(Rows.of(_sorted_rows(normalise(table))))


def rows_content_id(rows: Rows, sort: Callable[[Rows], Rows]) -> str:
    """Hash rows as ``table_content_id`` does, to the same digits, without holding what is not held already.

    Args:
        rows: Of the types that tables are stored in.
        sort: Sorts them as ``ports.engine`` says.
    """
    if rows.held is not None:
        return table_content_id(rows.held)
    return _sorted_content_id(sort(Rows(rows.schema, rows.num_rows, lambda names: map(_plain, rows.batches(names)))))


def _sorted_content_id(rows: Rows) -> str:
    """Hash rows that are sorted, column by column, batch by batch."""
    kinds = columns_of(rows.schema.empty_table())
    digest = hashlib.sha256(LAYOUT)
    digest.update(canonical_json([rows.num_rows, [[column.name, column.type] for column in kinds]]) + b"\n")
    for column in kinds:
        for values in _column(rows, column):  # every batch but the last has whole bytes of bits
            digest.update(np.packbits(values.is_null().to_numpy(zero_copy_only=False), bitorder="little").data)
        if column.type in {"text", NUMBERS}:
            for offsets in _offsets(rows, column):
                digest.update(offsets)
        for values in _column(rows, column):
            digest.update(_value_bytes(values, column.type))
    return digest.hexdigest()


def columns_of(table: pa.Table) -> tuple[Column, ...]:
    """Tell each column's kind.

    Dictionaries and run-length encodings count as what they encode, extension types as what they are stored in. A date
    is a time at midnight UTC, a decimal is a number, a list of numbers is numbers, a column of nothing but untyped
    nulls is text.

    Raises:
        SourceError: a type has no kind, there is no column, or two share a name but for upper and lower case.
    """
    if not table.num_columns:
        raise SourceError("the table has no columns; select at least one")
    folded = Counter(name.casefold() for name in table.column_names)
    twice = [name for name in table.column_names if folded[name.casefold()] > 1 or not name]
    if twice:
        raise SourceError(f"columns {twice} share a name or have none; give each a name that differs in more than case")
    return tuple(Column(field.name, _kind_of(field.name, field.type)) for field in table.schema)


def normalise(table: pa.Table) -> pa.Table:
    """Cast to the types of stored tables: int64, float64, string, timestamp in UTC microseconds, bool, lists.

    A time without a zone is UTC already; what is finer than a microsecond is cut off. Decimals become the nearest
    float64; lists of numbers become those of ``list_columns``. Row order is kept.

    Raises:
        SourceError: what ``columns_of`` refuses, or a value that does not fit.
    """
    kinds = columns_of(table)
    columns = [_cast(table.column(place), column) for place, column in enumerate(kinds)]
    return pa.table(columns, schema=pa.schema([(column.name, STORED_AS[column.type]) for column in kinds]))


def decoded(table: pa.Table) -> pa.Table:
    """Take off what only says how values are encoded; their types stay."""
    return pa.table([_decoded(column) for column in table.columns], names=table.column_names)


def table_ref(name: str, table: pa.Table, *, locator: str = "") -> TableRef:
    """Describe a table as a store would: its content id, its rows, its columns."""
    return TableRef(name, table_content_id(table), table.num_rows, columns_of(table), locator)


def _plain_type(data_type: pa.DataType) -> pa.DataType:
    """Take off what only says how values are encoded."""
    while True:
        if isinstance(data_type, pa.BaseExtensionType):
            data_type = data_type.storage_type
        elif pa.types.is_dictionary(data_type) or pa.types.is_run_end_encoded(data_type):
            data_type = data_type.value_type
        else:
            return data_type


def _kind_of(name: str, data_type: pa.DataType) -> str:
    is_a, plain = pa.types, _plain_type(data_type)
    if is_a.is_boolean(plain):
        return "boolean"
    if is_a.is_integer(plain):
        return "integer"
    if is_a.is_floating(plain) or is_a.is_decimal(plain):
        return "number"
    if is_a.is_timestamp(plain) or is_a.is_date(plain):
        return "time"
    if is_a.is_string(plain) or is_a.is_large_string(plain) or is_a.is_string_view(plain) or is_a.is_null(plain):
        return "text"
    if list_columns.holds_numbers(plain):
        return NUMBERS
    raise SourceError(
        f"column {name!r} has type {data_type}, which is none of integer, number, text, time, boolean, numbers; "
        f"{_instead_of(plain)}"
    )


def _instead_of(plain: pa.DataType) -> str:
    shape = "time of day" if pa.types.is_time(plain) else str(plain).partition("<")[0].partition("[")[0]
    fitting = (advice for word, advice in INSTEAD.items() if shape.endswith(word))
    return next(fitting, "cast it to one of these, or leave it out")


def _cast(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    target = STORED_AS[column.type]
    if values.type == target and column.type != NUMBERS:
        return values
    try:
        values = _decoded(values)
        if column.type == NUMBERS:
            return list_columns.as_stored(values)
        if column.type == "time" and getattr(values.type, "tz", None) is None:
            values = pc.cast(values, options=pc.CastOptions(pa.timestamp("us"), allow_time_truncate=True))
        return pc.cast(values, options=pc.CastOptions(target, allow_time_truncate=True))
    except pa.ArrowInvalid as error:
        raise SourceError(
            f"column {column.name!r} has type {values.type} with a value that does not fit {target}: {error}; "
            "cast it in the source's SQL"
        ) from error


def _decoded(values: pa.ChunkedArray) -> pa.ChunkedArray:
    while values.type != _plain_type(values.type):
        if isinstance(values.type, pa.BaseExtensionType):
            chunks = [chunk.storage for chunk in values.chunks]
            values = pa.chunked_array(chunks, type=values.type.storage_type)
        elif pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        else:
            values = pc.run_end_decode(values)
    return values


def _sorted_rows(table: pa.Table) -> pa.Table:
    """Sort by every column; rows that still tie are equal, so that their order is nothing."""
    names = [str(place) for place in range(table.num_columns)]  # polars would read a name such as ^a$ as a pattern
    plain = pa.Table.from_batches(map(_plain, table.to_batches()), table.schema).rename_columns(names)
    ordered = pl.DataFrame(pl.from_arrow(plain)).sort(names).to_arrow()
    return ordered.rename_columns(table.column_names)


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Write every NaN, and every zero, in one way; what a list lacks sorts as NaN in every engine."""
    for place, field in enumerate(batch.schema):
        if list_columns.is_list(field.type):
            batch = batch.set_column(place, field, list_columns.with_nan(batch.column(place)))
        if pa.types.is_floating(field.type):
            values = pc.add(batch.column(place), 0.0)  # -0.0 + 0.0 is 0.0
            batch = batch.set_column(place, field, pc.if_else(pc.is_nan(values), float("nan"), values))
    return batch


def _column(rows: Rows, column: Column) -> Iterator[pa.Array]:
    return (batch.column(0) for batch in rows.batches([column.name]))


def _offsets(rows: Rows, column: Column) -> Iterator[bytes]:
    """Say where each text or list ends, the first one begins at 0."""
    end = 0
    yield np.zeros(1, "<i8").tobytes()
    for values in _column(rows, column):
        sizes = _sizes(values)
        ends = end + np.cumsum(sizes, dtype="<i8")
        end = int(ends[-1])
        yield ends.tobytes()


def _sizes(values: pa.Array) -> np.ndarray:
    if list_columns.is_list(values.type):
        return list_columns.sizes(values)
    return pc.fill_null(pc.binary_length(values), 0).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _value_bytes(values: pa.Array, kind: str) -> bytes:
    if kind == NUMBERS:
        return list_columns.member_bytes(values)
    if kind == "text":
        return _text_bytes(values)
    if kind == "boolean":
        return bytes(pc.fill_null(values, False).cast(pa.uint8()).to_numpy(zero_copy_only=False))
    if kind == "time":
        values = values.cast(pa.int64())
    found = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
    return bytes(found.astype("<f8" if kind == "number" else "<i8", copy=False).data)


def _text_bytes(values: pa.Array) -> bytes:
    texts = pc.drop_null(values).cast(pa.large_string())
    if not len(texts):
        return b""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, "<i8")[texts.offset : texts.offset + len(texts) + 1]
    return bytes(data[int(ends[0]) : int(ends[-1])]) if data is not None else b""

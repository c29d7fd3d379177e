r"""Number lists: lists of numbers as tables hold them, JSON text like ``[0.5,1]``, read alike in SQL and outside of it.

A list has a fixed size to a feature: of a text that is no list, or one of another size, no number is read. What stands
in it but is no JSON number is missing by itself.
"""

import re
from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.rows import Rows
from sluiceway.plans.flat_columns import as_json
from sluiceway.plans.single_precision import as_single

LIST = r"^[ \t\r\n]*\[([^\[\]]*)\][ \t\r\n]*$"
NUMBER = r"^[ \t\r\n]*(-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)[ \t\r\n]*$"
_list, _number = re.compile(LIST.replace("$", r"\Z")), re.compile(NUMBER.replace("$", r"\Z"))


def numbers_sql(text: str, size: int) -> tuple[str, ...]:
    """Read each number off a text in SQL, as a double."""
    parts = f"string_split(regexp_extract({text}, '{LIST}', 1), ',')"
    return tuple(
        f"CASE WHEN len({parts}) = {size} THEN TRY_CAST(regexp_extract({parts}[{place}], '{NUMBER}', 1) AS DOUBLE) END"
        for place in range(1, size + 1)
    )


def numbers_of_texts(texts: pl.Series, size: int) -> list[pl.Series]:
    """Read each number off texts, as doubles; every text is taken apart once."""
    parts = texts.str.extract(LIST, 1).str.split(",")
    kept = pl.select(pl.when(parts.list.len() == size).then(parts)).to_series()
    each = (kept.list.get(place, null_on_oob=True) for place in range(size))
    return [part.str.extract(NUMBER, 1).cast(pl.Float64, strict=False) for part in each]


def numbers_of(text: str, size: int) -> list[float | None]:
    """Read each number off a text, as float32 holds it.

    >>> numbers_of("[0.5, null]", 2), numbers_of("[0.5]", 2)
    ([0.5, None], [None, None])
    """
    found = _list.match(text)
    parts = found[1].split(",") if found else []
    if len(parts) != size:
        return [None] * size
    return [as_single(float(number[1])) if (number := _number.match(part)) else None for part in parts]


def lists_as_text(table: pa.Table) -> pa.Table:
    """Turn columns of lists of numbers into JSON text; others stay."""
    for place, field in enumerate(table.schema):
        if _holds_numbers(field.type):
            texts = [None if value is None else as_json(value) for value in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pa.array(texts, pa.string()))
    return table


def rows_as_text(rows: Rows) -> Rows:
    """Turn rows' columns of lists of numbers into JSON text as they are read; others stay."""
    if not any(_holds_numbers(field.type) for field in rows.schema):
        return rows
    schema = lists_as_text(rows.schema.empty_table()).schema

    def read(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        for batch in rows.read(columns):
            yield from lists_as_text(pa.Table.from_batches([batch])).combine_chunks().to_batches()

    return Rows(schema, rows.num_rows, read)


def _holds_numbers(data_type: pa.DataType) -> bool:
    is_a = pa.types
    if not (is_a.is_list(data_type) or is_a.is_large_list(data_type) or is_a.is_fixed_size_list(data_type)):
        return False
    return bool(is_a.is_integer(data_type.value_type) or is_a.is_floating(data_type.value_type))

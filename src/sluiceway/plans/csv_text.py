"""CSV: text to columns, each of the one type that all of its values have."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from sluiceway.core.errors import SourceError
from sluiceway.declare.files import NONE_DECLARED
from sluiceway.plans.leading_zeros import with_leading_zeros
from sluiceway.plans.table_digest import STORED_AS

LARGEST_INTEGER = 2.0**63
LARGEST_BLOCK_BYTES = 2**31 - 1
OTHER_DELIMITERS = (";", "\t", "|")
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
MOST_COLUMNS = 10_000
TO_UTF_8 = "save it as UTF-8, as in: iconv -f latin1 -t utf-8 old.csv > new.csv"


def read_csv(
    data: bytes | bytearray,
    *,
    path: str,
    nulls: Sequence[str],
    delimiter: str = ",",
    kinds: Mapping[str, str] = NONE_DECLARED,
    zeros: set[str] | None = None,
) -> pa.Table:
    """Read CSV with a header. Types are inferred over whole columns; dates and times without an offset stay naive.

    Args:
        data: UTF-8 text, with or without a byte order mark.
        path: What errors call the file.
        nulls: Texts that mean "missing" in columns of numbers, times and booleans. In a column of text, only the
            empty text is missing.
        delimiter: What stands between values.
        kinds: Of columns whose kind is known (text, integer, number, boolean, time), whatever their values look like.
        zeros: Is given the columns that were taken for whole numbers although values begin with 0 (``leading_zeros``).

    Raises:
        SourceError: the text is empty, without rows, ragged or not UTF-8, has more than 10,000 columns, or a column's
            name is empty or repeated, or a value is not of the kind that is known.
    """
    if bytes(data[:2]) in UTF_16_MARKS:
        raise SourceError(f"{path} is UTF-16 text; {TO_UTF_8.replace('latin1', 'utf-16')}")
    require_columns(_columns_at_most(data, delimiter), path=path)
    table = _parse(data, path=path, nulls=nulls, delimiter=delimiter, kinds=kinds)
    _check_header(table, path=path)
    other = next((sign for sign in OTHER_DELIMITERS if table.num_columns == 1 and sign in table.column_names[0]), "")
    if other:
        raise SourceError(
            f"{path} has one column, called {table.column_names[0][:60]!r}: its values are separated by {other!r}, "
            f"not by {delimiter!r}; write it anew with commas, or name it .tsv where tabs separate them"
        )
    if table.num_rows == 0:
        raise SourceError(f"{path} has a header but no rows; remove the file or fill it")
    wide = _too_wide(table, data, nulls=nulls, delimiter=delimiter, path=path)
    if wide:
        table = _parse(
            data, path=path, nulls=nulls, delimiter=delimiter, kinds={**dict.fromkeys(wide, "text"), **kinds}
        )
    if zeros is not None:
        whole = [each.name for each in table.schema if pa.types.is_integer(each.type) and each.name not in kinds]
        zeros.update(with_leading_zeros(data, whole, delimiter=delimiter))
    columns = [_settled(table, index, path) for index in range(table.num_columns)]
    times = [
        _as_time(name, values, path) if kinds.get(name) == "time" else values
        for name, values in zip(table.column_names, columns, strict=True)
    ]
    return pa.table(times, names=table.column_names)


def _as_time(name: str, values: pa.ChunkedArray, path: str) -> pa.ChunkedArray:
    """Refuse a column that is no time; one without any value is a time all the same."""
    if pa.types.is_null(values.type):
        return values.cast(pa.timestamp("us"))
    if not (pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)):
        raise SourceError(
            f"{path}: column {name} is declared a time, and some value is none; write ISO 8601, or CAST it"
        )
    return values


def require_columns(count: int, *, path: str) -> None:
    """Refuse a table too wide to be one, before it is read: each column costs memory, whatever it holds.

    Raises:
        SourceError: it has more than 10,000 columns.
    """
    if count > MOST_COLUMNS:
        raise SourceError(
            f"{path} has {count:,} columns, the most is {MOST_COLUMNS:,}; if they are values of one kind, turn them "
            "into rows (DuckDB's UNPIVOT does), or choose fewer"
        )


def _too_wide(
    table: pa.Table, data: bytes | bytearray, *, nulls: Sequence[str], delimiter: str, path: str
) -> list[str]:
    """Name the columns of whole numbers that are too large for 64 bits: as reals, two ids would become one."""
    suspects = []
    for field in table.schema:
        values = table.column(field.name)
        if pa.types.is_floating(field.type) and (pc.max(pc.abs(values)).as_py() or 0.0) >= LARGEST_INTEGER:
            suspects += [field.name] if pc.all(pc.equal(pc.floor(values), values)).as_py() else []
    if not suspects:
        return []
    texts = _parse(data, path=path, nulls=nulls, delimiter=delimiter, kinds=dict.fromkeys(suspects, "text"))
    missing = pa.array(["", *nulls])
    whole = r"^[+-]?\d+$"
    return [
        name
        for name in suspects
        if pc.all(
            pc.or_(pc.is_in(texts.column(name), missing), pc.match_substring_regex(texts.column(name), whole))
        ).as_py()
    ]


def _columns_at_most(data: bytes | bytearray, delimiter: str) -> int:
    """Count the header's delimiters, those in quotes with them."""
    ends = [end for sign in (b"\n", b"\r") if (end := data.find(sign)) >= 0]
    header = memoryview(data)[: min(ends, default=len(data))]
    return bytes(header).count(delimiter.encode()) + 1


def _parse(
    data: bytes | bytearray, *, path: str, nulls: Sequence[str], delimiter: str, kinds: Mapping[str, str]
) -> pa.Table:
    # On one thread: more of them lose the number of a row that is wrong, and may abort the process as it ends.
    try:
        return arrow_csv.read_csv(
            pa.py_buffer(data),
            read_options=arrow_csv.ReadOptions(block_size=min(len(data) + 1, LARGEST_BLOCK_BYTES), use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                null_values=["", *nulls],
                strings_can_be_null=False,
                column_types={name: STORED_AS[kind] for name, kind in kinds.items() if kind != "time"},
            ),
        )
    except pa.ArrowInvalid as error:
        declared = "; kinds= in files() says what it must be" if kinds and "conversion error" in str(error) else ""
        raise SourceError(f"{_explained(error, data=data, path=path)}{declared}") from error


def _explained(error: pa.ArrowInvalid, *, data: bytes | bytearray, path: str) -> str:
    if "Empty CSV" not in str(error):
        reason = str(error).splitlines()[0]
        return f"{path}: {reason}; row 1 is the header; mend the row, or quote values that hold commas or line breaks"
    if not data[:4096].strip(b"\xef\xbb\xbf \r\n\t"):
        return f"{path} is empty; remove the file or fill it"
    return f"{path} has a header but no rows; remove the file or fill it"


def _check_header(table: pa.Table, *, path: str) -> None:
    try:
        names = Counter(table.column_names)
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: the header is not UTF-8 text; {TO_UTF_8}") from error
    if any(not name.strip() for name in names):
        position = [name.strip() for name in table.column_names].index("") + 1
        raise SourceError(f"{path}: column {position} has no name; give every column a name in the first row")
    if repeated := sorted(name for name, times in names.items() if times > 1):
        raise SourceError(f"{path}: the header repeats {', '.join(repeated)}; give every column its own name")


def _settled(table: pa.Table, index: int, path: str) -> pa.ChunkedArray:
    """Refuse bytes that are no text, let only the empty text be missing, and keep times of day as text."""
    values = table.column(index)
    if pa.types.is_binary(values.type):
        row = next(number for number, value in enumerate(values.to_pylist(), start=2) if not _is_utf_8(value))
        raise SourceError(f"{path}: column {table.column_names[index]}, row {row} is not UTF-8 text; {TO_UTF_8}")
    if pa.types.is_string(values.type):
        return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
    return values.cast(pa.string()) if pa.types.is_time(values.type) else values


def _is_utf_8(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return False
    return True

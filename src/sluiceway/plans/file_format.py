"""File formats: one file's bytes to one table, and the files of a source to one."""

import re
from collections import Counter
from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from sluiceway.core.errors import SourceError
from sluiceway.declare.files import PACKED, Files
from sluiceway.plans.csv_text import read_csv, require_columns
from sluiceway.plans.json_lines import read_json_array, read_json_lines
from sluiceway.plans.list_columns import STORED, is_list, stored_lists
from sluiceway.plans.parquet_metadata import parquet_metadata
from sluiceway.plans.unpacking import MOST_BYTES, MOST_TIMES_LARGER, unpack

LEAST_VALUE_BYTES = 4

ROW = re.compile(r"row (\d+)")  # of JSON lines, which Arrow counts from 0


def decode(
    data: bytes, *, path: str, files: Files, texts: Collection[str] = (), zeros: set[str] | None = None
) -> pa.Table:
    """Read one file as a table with flat columns, each name once.

    Args:
        data: The file as stored; ``.gz``, ``.zip`` and ``.zst`` are unpacked.
        path: Its path, for its suffixes and for errors.
        files: The format, and which texts mean "missing" in CSV.
        texts: Columns of CSV that are text, whatever their values look like.
        zeros: Is given the columns of CSV that were taken for whole numbers although values begin with 0.

    Raises:
        SourceError: the bytes are not of that format; the message names the file, the row where known, and a remedy.
    """
    plain, name = unpack(data, path=path)
    try:
        table = _table(plain, path=path, name=name.lower(), files=files, texts=texts, zeros=zeros)
    except (pa.ArrowException, OSError, MemoryError, OverflowError) as error:
        words = (str(error) or "it asks for too much memory").splitlines()[0]
        reason = ROW.sub(lambda found: f"line {int(found[1]) + 1}", words)
        raise SourceError(f"{path} is no {files.format} file: {reason}; mend it, or say format= in files()") from error
    return checked(table, path)


def _table(
    plain: bytes | bytearray, *, path: str, name: str, files: Files, texts: Collection[str], zeros: set[str] | None
) -> pa.Table:
    match files.format:
        case "csv":
            tabs = name.endswith(".tsv") or without_packing(files.pattern).endswith(".tsv")
            kinds = {**dict.fromkeys(texts, "text"), **dict(files.kinds)}
            delimiter = "\t" if tabs else ","
            return read_csv(plain, path=path, nulls=files.nulls, delimiter=delimiter, kinds=kinds, zeros=zeros)
        case "parquet":
            return _parquet(plain, path)
        case "json":
            return read_json_array(plain, path=path)
        case "ndjson":
            return read_json_lines(plain, path=path)
        case _:
            return _ipc(plain, path)


def without_packing(pattern: str) -> str:
    """Take off the suffixes that say how a file is packed."""
    lowered = pattern.lower()
    for suffix in PACKED:
        lowered = lowered.removesuffix(f".{suffix}")
    return lowered


def require_plausible(metadata: pq.FileMetaData, *, size_bytes: int, path: str) -> None:
    """Refuse a Parquet file that claims more than a file of its size may unpack to, or too many columns.

    Raises:
        SourceError: it does.
    """
    require_columns(metadata.num_columns, path=path)
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    claimed = max(metadata.num_rows, sum(group.num_rows for group in groups))
    size = max(claimed * metadata.num_columns * LEAST_VALUE_BYTES, sum(group.total_byte_size for group in groups))
    if size > max(MOST_BYTES, MOST_TIMES_LARGER * size_bytes):
        raise SourceError(
            f"{path} claims {claimed:,} rows of {metadata.num_columns} columns in {size_bytes:,} bytes, more than fits "
            "into memory; if it is no mistake, cut it into several files"
        )


def _parquet(plain: bytes | bytearray, path: str) -> pa.Table:
    """Read a Parquet file, unless it would be larger in memory than a file may unpack to: what repeats is small."""
    metadata = parquet_metadata(pa.BufferReader(plain))
    require_plausible(metadata, size_bytes=len(plain), path=path)
    table = valid(pq.ParquetFile(pa.BufferReader(plain), metadata=metadata).read(use_threads=True))
    if table.num_rows != metadata.num_rows:
        raise SourceError(f"{path} claims {metadata.num_rows:,} rows and holds {table.num_rows:,}; make the file again")
    return table


def _ipc(plain: bytes | bytearray, path: str) -> pa.Table:
    """Read Arrow's file layout, or its stream layout."""
    try:
        reader = pa.ipc.open_file(pa.BufferReader(plain))
    except pa.ArrowInvalid:
        reader = pa.ipc.open_stream(pa.BufferReader(plain))
    require_columns(len(reader.schema), path=path)
    return valid(reader.read_all())


def valid(table: pa.Table) -> pa.Table:
    """Look into every value: a text that is none, or an offset that leads out of its file, would be met much later."""
    table.validate(full=True)
    return table


def is_plain_parquet(path: str, files: Files) -> bool:
    """Tell whether a file can be read as it lies, piece by piece."""
    return files.format == "parquet" and without_packing(path) == path.lower()


def checked(table: pa.Table, path: str) -> pa.Table:
    """Refuse a file's table that has no columns, one twice, nested ones, or more than a table may have.

    Lists of numbers become those that tables hold.

    Raises:
        SourceError: it does.
    """
    require_columns(table.num_columns, path=path)
    repeated = sorted(name for name, times in Counter(table.column_names).items() if times > 1)
    if repeated or not table.num_columns:
        raise SourceError(
            f"{path}: every column needs its own name; repeated: {', '.join(repeated) or 'none, but no columns'}"
        )
    table = stored_lists(table)
    for field in table.schema:
        if pa.types.is_nested(field.type) and field.type != STORED:
            raise SourceError(f"{path}: column {field.name} is nested ({field.type}); {_instead_of(field.type)}")
    return table


def _instead_of(nested: pa.DataType) -> str:
    if is_list(nested):
        return "of lists, a table holds those of numbers; write one row for each member, or join them into one text"
    return "write each part as its own column"


def texts_elsewhere(tables: Mapping[str, pa.Table]) -> frozenset[str]:
    """Name the columns that are text in one file and whole numbers in another.

    There ``00501`` was read as 501: those files must be decoded anew, with these columns as text.
    """
    kinds: dict[str, set[str]] = {}
    for table in tables.values():
        for field in table.schema:
            kind = "text" if pa.types.is_string(field.type) else "whole" if pa.types.is_integer(field.type) else ""
            kinds.setdefault(field.name, set()).add(kind)
    return frozenset(name for name, found in kinds.items() if {"text", "whole"} <= found)


def concatenate(tables: Mapping[str, pa.Table], *, uneven: bool = False) -> pa.Table:
    """Put the files of a source, by path, below each other; columns go by name and whole numbers widen to real ones.

    A column without any value takes the type it has in the other files. With ``uneven``, a column that a file lacks is
    missing in its rows, and whole numbers become text where other files have text.

    Raises:
        SourceError: two files have different columns, or types of a column that do not go together.
    """
    if uneven:
        return _united(tables)
    (first_path, first), *others = tables.items()
    for path, table in others:
        _check_alike(first_path, first, path, table)
    return pa.concat_tables(
        [table.select(first.column_names) for table in tables.values()], promote_options="permissive"
    )


def _united(tables: Mapping[str, pa.Table]) -> pa.Table:
    seen: dict[str, tuple[str, pa.Field]] = {}
    texts: set[str] = set()
    for path, table in tables.items():
        for field in table.schema:
            one_path, one = seen.setdefault(field.name, (path, field))
            kinds = {pa.types.is_string(each.type): each.type for each in (one, field)}
            if len(kinds) == 2 and pa.types.is_integer(kinds[False]):  # noqa: PLR2004  # one is text, the other is not
                texts.add(field.name)
            else:
                _check_type(one_path, one, path, field)
    return pa.concat_tables([_as_texts(table, texts) for table in tables.values()], promote_options="permissive")


def _as_texts(table: pa.Table, names: set[str]) -> pa.Table:
    for place, field in enumerate(table.schema):
        if field.name in names and pa.types.is_integer(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table


def _check_alike(first_path: str, first: pa.Table, path: str, table: pa.Table) -> None:
    lacking = [name for name in first.column_names if name not in table.column_names]
    more = [name for name in table.column_names if name not in first.column_names]
    if lacking or more:
        raise SourceError(
            f"{path} and {first_path} belong to one source but have different columns: "
            f"{path} lacks {', '.join(lacking) or 'none'} and adds {', '.join(more) or 'none'}; "
            'make two sources of them, or say schema="evolve" (missing ones are null) or "discard" in Source()'
        )
    for field in table.schema:
        _check_type(first_path, first.schema.field(field.name), path, field)


def _check_type(first_path: str, one: pa.Field, path: str, field: pa.Field) -> None:
    try:
        pa.unify_schemas([pa.schema([one]), pa.schema([field])], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise SourceError(
            f"column {field.name} is {field.type} in {path} but {one.type} in {first_path}; give both one type"
        ) from None

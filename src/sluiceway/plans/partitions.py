"""Partitions: folders called ``name=value`` on the way to a file, as columns of the rows in it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.core.errors import SourceError
from sluiceway.declare.files import Files

FOLDER = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
NOTHING = ("", "__HIVE_DEFAULT_PARTITION__")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
HOUR = re.compile(r"(\d{4}-\d{2}-\d{2})[-T ](\d{2})(?::00(?::00)?)?Z?")
INTEGER = re.compile(r"[+-]?\d{1,18}")
SIGNS = {"date": DATE, "hour": HOUR, "integer": INTEGER}
TYPES = {"date": pa.date32(), "hour": pa.timestamp("us", "UTC"), "integer": pa.int64(), "text": pa.string()}


def partition_columns(paths: Sequence[str], files: Files) -> dict[str, pa.Array]:
    """Give the partition columns of a source, a value for each path, in the order of the paths.

    A kind that is not declared is the narrowest that all values of a column have: date (``2013-01-01``), hour
    (``2013-01-01T05`` or ``2013-01-01-05``, in UTC), integer, text. Values are unescaped (``%20``);
    ``__HIVE_DEFAULT_PARTITION__`` and the empty text are missing.

    Raises:
        SourceError: some paths lack a partition that others have or that is declared, or a value is not of its kind.

    >>> partition_columns(["data/dt=2013-01-01/a.csv"], Files("data/*/*.csv", "csv"))["dt"].to_pylist()
    [datetime.date(2013, 1, 1)]
    """
    if not files.detects and not files.partitions:
        return {}
    found = {path: values_in(path) for path in paths}
    declared = dict(files.partitions)
    names = list(declared) if declared else list(dict.fromkeys(name for each in found.values() for name in each))
    columns = {}
    for name in names:
        texts = [values.get(name, "") for values in found.values()]
        lacking = next((path for path, values in found.items() if name not in values), None)
        if lacking is not None:
            raise SourceError(f"{lacking} lies in no folder {name}=…, as partition {name!r} needs; move it into one")
        kind = declared.get(name) or kind_of(texts)
        columns[name] = as_array(texts, kind, name=name, paths=paths)
    return columns


def values_in(path: str) -> dict[str, str]:
    """Read the partitions off a path; the file's own name is none.

    >>> values_in("data/dt=2013-01-01/hour=05/part.parquet")
    {'dt': '2013-01-01', 'hour': '05'}
    """
    matches = (FOLDER.fullmatch(folder) for folder in path.split("/")[:-1])
    return {found[1]: unescaped(found[2]) for found in matches if found}


def unescaped(text: str) -> str:
    """Undo the escapes that writers of partitions use for what a folder's name cannot hold."""
    return ESCAPED.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace"), text)


def kind_of(texts: Iterable[str]) -> str:
    """Find the narrowest kind that every value has.

    >>> kind_of(["01", "2"]), kind_of(["2013-01-01T05"]), kind_of(["2013-01-01", "x"])
    ('integer', 'hour', 'text')
    """
    there = [text for text in texts if text not in NOTHING]
    fitting = (kind for kind, sign in SIGNS.items() if there and all(sign.fullmatch(text) for text in there))
    return next(fitting, "text")


def as_array(texts: Sequence[str], kind: str, *, name: str, paths: Sequence[str]) -> pa.Array:
    """Read values as their kind.

    Raises:
        SourceError: a value is not of that kind; the message names its file.
    """
    values: list[object] = []
    for text, path in zip(texts, paths, strict=True):
        try:
            values.append(None if text in NOTHING else read_value(text, kind))
        except ValueError:
            raise SourceError(
                f"{path}: partition {name}={text} is no {kind}; rename the folder, or declare another kind in "
                f"partitions={{{name!r}: …}}"
            ) from None
    return pa.array(values, TYPES[kind])


def read_value(text: str, kind: str) -> object:
    """Read one value.

    Raises:
        ValueError: it is not of that kind.
    """
    if kind == "text":
        return text
    found = SIGNS[kind].fullmatch(text)
    if found is None:
        raise ValueError(text)
    if kind == "integer":
        return int(text)
    if kind == "date":
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    return datetime.strptime(f"{found[1]} {found[2]}", "%Y-%m-%d %H").replace(tzinfo=UTC)


def on_the_way(paths: Sequence[str], files: Files) -> dict[str, dict[str, pa.Scalar]]:
    """Give the partitions on the way to each file, by its path, for all of its rows.

    Raises:
        SourceError: what ``partition_columns`` refuses.
    """
    columns = partition_columns(paths, files)
    return {path: {name: values[place] for name, values in columns.items()} for place, path in enumerate(paths)}


def with_partitions(tables: Mapping[str, pa.Table], files: Files) -> dict[str, pa.Table]:
    """Add to each file's table, by path, the partitions on its way.

    Raises:
        SourceError: what ``partition_columns`` refuses, or a file contradicts its folder.
    """
    partitions = on_the_way(list(tables), files)
    return {path: beside(table, partitions[path], path=path) for path, table in tables.items()}


def beside(table: pa.Table, values: Mapping[str, pa.Scalar], *, path: str) -> pa.Table:
    """Add partitions to a file's rows. A file that holds such a column itself keeps it, where it says the same.

    Raises:
        SourceError: the file contradicts its folder.
    """
    for name, value in values.items():
        table = added(table, name, value, path=path)
    return table


def added(table: pa.Table, name: str, value: pa.Scalar, *, path: str) -> pa.Table:
    """Add one column of one value, unless the table has it.

    Raises:
        SourceError: the table has it with other values.
    """
    there = next((own for own in table.column_names if own.lower() == name.lower()), None)
    if there is None:
        return table.append_column(name, pa.repeat(value, table.num_rows))
    try:
        alike = pc.all(pc.equal(table.column(there).cast(value.type), value), skip_nulls=False).as_py()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        alike = False
    if alike or not table.num_rows:
        return table
    raise SourceError(
        f"{path} holds a column {there} that is not {value} throughout, as its folder says; mend the file, or say "
        "partitions=False to believe the file"
    )

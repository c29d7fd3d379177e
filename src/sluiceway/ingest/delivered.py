"""Delivered rows: what a source's own files hold, before its SQL and its times."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from sluiceway.artifacts.dataset_version import FileEntry
from sluiceway.artifacts.rows import Rows
from sluiceway.declare.files import IMAGE, Files
from sluiceway.declare.source import Source
from sluiceway.plans.file_format import checked, concatenate, decode, is_plain_parquet, texts_elsewhere
from sluiceway.plans.list_columns import stored_rows
from sluiceway.plans.partitions import beside, on_the_way
from sluiceway.plans.schema_policy import uneven_columns
from sluiceway.plans.table_digest import decoded, normalise
from sluiceway.ports.engine import Engine


@dataclass(frozen=True, slots=True)
class Contents:
    """Gives a file's bytes: whole, or in chunks of which the last may tell that they are not the file's."""

    whole: Callable[[FileEntry], bytes]
    chunks: Callable[[FileEntry], Iterator[bytes]]


def delivered(
    source: Source,
    files: Files,
    entries: Sequence[FileEntry],
    *,
    contents: Contents,
    engine: Engine,
    warn: Callable[[str], None] = lambda _: None,
) -> tuple[Rows, tuple[str, ...]]:
    """Read a source's files as one normalised table, and name the columns that some of them lack.

    One file is decoded at a time; Parquet is never held whole. ``warn`` hears of columns of CSV that look like codes.

    Raises:
        SourceError: a file cannot be decoded, or the files do not go together.
    """
    if files.format == IMAGE:
        return engine.keep([normalise(_images(files, entries, contents.whole))]), ()
    partitions = on_the_way([entry.path for entry in entries], files)
    zeros = set[str]()
    own = {entry.path: _of_file(files, entry, contents, engine, zeros=zeros) for entry in entries}
    if source.schema is not None:
        _keep_texts(own, files, entries, contents, engine)
    heads = {path: beside(rows.schema.empty_table(), partitions[path], path=path) for path, rows in own.items()}
    head = concatenate(heads, uneven=source.schema is not None)
    for name in sorted(each for each in zeros if pa.types.is_integer(head.schema.field(each).type)):
        warn(_lost(source, files, name))
    pieces = _below_each_other(own, partitions, head)
    return engine.keep(pieces), uneven_columns(heads)


def _of_file(
    files: Files,
    entry: FileEntry,
    contents: Contents,
    engine: Engine,
    *,
    texts: Collection[str] = (),
    zeros: set[str] | None = None,
) -> Rows:
    if not is_plain_parquet(entry.path, files):
        table = decode(contents.whole(entry), path=entry.path, files=files, texts=texts, zeros=zeros)
        return engine.keep([decoded(table)])
    rows = stored_rows(engine.parquet(contents.chunks(entry), path=entry.path))
    checked(rows.schema.empty_table(), entry.path)
    return rows


def _lost(source: Source, files: Files, column: str) -> str:
    """Say that a column's leading zeros are lost, and what keeps them."""
    kinds = ", ".join(f'"{name}": "{kind}"' for name, kind in (*files.kinds, (column, "text")))
    return (
        f"source {source.name!r}: column {column} is read as whole numbers, and values that begin with 0 lose it "
        f'(00501 becomes 501). Codes keep it by sw.files("{files.pattern}", kinds={{{kinds}}}); "integer" there says '
        "that numbers are meant"
    )


def _keep_texts(
    own: dict[str, Rows], files: Files, entries: Sequence[FileEntry], contents: Contents, engine: Engine
) -> None:
    """Decode those files anew in which a column that is text elsewhere was read as numbers: 00501 is not 501."""
    texts = texts_elsewhere({path: rows.schema.empty_table() for path, rows in own.items()})
    for entry in entries if texts else ():
        schema = own[entry.path].schema
        wrong = [name for name in texts if name in schema.names and pa.types.is_integer(schema.field(name).type)]
        if wrong and not is_plain_parquet(entry.path, files):
            own[entry.path] = _of_file(files, entry, contents, engine, texts=wrong)


def _below_each_other(
    own: dict[str, Rows], partitions: Mapping[str, Mapping[str, pa.Scalar]], head: pa.Table
) -> Iterator[pa.Table]:
    """Bring each file's rows into the columns of all; a file goes when it has been read."""
    yield normalise(head)
    for path in list(own):
        for piece in own.pop(path).tables():
            table = beside(piece, partitions[path], path=path)
            yield normalise(concatenate({"": head, path: table}, uneven=True))


def _images(files: Files, entries: Sequence[FileEntry], read: Callable[[FileEntry], bytes]) -> pa.Table:
    from sluiceway.plans.image_rows import image_rows, image_table

    rows = image_rows([(entry.path, entry.sha256) for entry in entries], lambda place: read(entries[place]))
    return image_table([entry.path for entry in entries], rows, files)

"""Delivered rows: what a source's own files hold, before its SQL and its times."""

from collections.abc import Callable, Sequence

import pyarrow as pa

from sluiceway.artifacts.dataset_version import FileEntry
from sluiceway.declare.files import IMAGE, Files
from sluiceway.declare.source import Source
from sluiceway.plans.file_format import concatenate, decode, texts_elsewhere
from sluiceway.plans.partitions import with_partitions
from sluiceway.plans.schema_policy import uneven_columns
from sluiceway.plans.table_digest import normalise

Reader = Callable[[FileEntry], bytes]


def delivered(
    source: Source, files: Files, entries: Sequence[FileEntry], *, read: Reader
) -> tuple[pa.Table, tuple[str, ...]]:
    """Read a source's files as one normalised table, and name the columns that some of them lack.

    Raises:
        SourceError: a file cannot be decoded, or the files do not go together.
    """
    if files.format == IMAGE:
        return normalise(_images(files, entries, read)), ()
    tables = {entry.path: decode(read(entry), path=entry.path, files=files) for entry in entries}
    _keep_texts(tables, source, files, entries, read)
    tables = with_partitions(tables, files)
    return normalise(concatenate(tables, uneven=source.schema is not None)), uneven_columns(tables)


def _keep_texts(
    tables: dict[str, pa.Table], source: Source, files: Files, entries: Sequence[FileEntry], read: Reader
) -> None:
    """Decode those files anew in which a column that is text elsewhere was read as numbers: 00501 is not 501."""
    texts = texts_elsewhere(tables) if source.schema is not None else ()
    for entry in entries if texts else ():
        schema = tables[entry.path].schema
        wrong = [name for name in texts if name in schema.names and pa.types.is_integer(schema.field(name).type)]
        if wrong:
            tables[entry.path] = decode(read(entry), path=entry.path, files=files, texts=wrong)


def _images(files: Files, entries: Sequence[FileEntry], read: Reader) -> pa.Table:
    from sluiceway.plans.image_rows import image_rows, image_table

    rows = image_rows([(entry.path, entry.sha256) for entry in entries], lambda place: read(entries[place]))
    return image_table([entry.path for entry in entries], rows, files)

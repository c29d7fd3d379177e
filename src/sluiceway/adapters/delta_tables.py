"""Tables as Delta tables in folders: one folder a name, one version a content, all versions kept."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sluiceway.adapters.delta_log import Commit, commit_at, commits
from sluiceway.adapters.delta_seal import seal, seal_of
from sluiceway.adapters.delta_sweep import leftovers_in, remove_from, table_folders
from sluiceway.adapters.delta_write import append_version
from sluiceway.adapters.table_names import checked_name, require_columns
from sluiceway.artifacts.rows import Rows
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.disk_trouble import disk_trouble
from sluiceway.core.errors import DamagedError, SourceError, UnknownTableError
from sluiceway.ports.engine import Engine
from sluiceway.ports.sweepable import Leftover

if TYPE_CHECKING:  # ``has`` is on the path of an unchanged run, which should not wait for these
    import polars as pl
    import pyarrow as pa

GONE = "a file is missing or cut short"


class DeltaTables:
    """A Delta table per name below a folder. A ref's locator is the Delta version; without it the log is searched.

    Each version carries its content id in its commit, and a seal holds the hashes of its files; where a kill came
    before the seal, the first look compares the whole content and seals it then. Old versions stay until a sweep.
    A damaged version is not mended: writing its content again makes another version, which is found from then on.

    Args:
        root: The folder.
        engine: Sorts rows that are too many to be held; without one, all are held.
    """

    def __init__(self, root: Path, engine: Engine | None = None) -> None:
        self._root, self._engine = root, engine
        self._writing = Lock()

    def write(self, name: str, table: "pa.Table | Rows", *, by: str | None = None) -> TableRef:
        """Store a table under a name, unless some version of it has this very content already, and whole.

        Many rows have files by the month of the time column ``by``.

        Raises:
            MisuseError: the name is no plain relative path.
            SourceError: a column's type has no kind, or Delta cannot hold the table.
            ConflictError: another process wrote the same table meanwhile.
            DamagedError: the table's log cannot be read.
        """
        from sluiceway.plans.table_digest import columns_of, normalise

        folder = self._root / checked_name(name)
        rows = table if isinstance(table, Rows) else Rows.of(normalise(table))
        ref = TableRef(name, self._content_id(rows), rows.num_rows, columns_of(rows.schema.empty_table()))
        with self._writing:
            commit = self._find(ref)
            if commit is None or self._damage(ref, commit):
                commit = append_version(folder, rows, ref.content_id, by=by)
                _sealed(folder, commit)
        return TableRef(name, ref.content_id, ref.rows, ref.columns, str(commit.version))

    def read(self, ref: TableRef, columns: Sequence[str] | None = None) -> "pa.Table":
        """Return the rows, of all columns or those named, after hashing the version's files.

        Raises:
            UnknownTableError: no version has this content.
            UnknownNameError: the table has no such column.
            DamagedError: a byte of the version's files is not what was written.
        """
        commit = self._whole(ref)
        require_columns(ref, columns)
        return _load(ref, commit, columns)

    def scan(self, ref: TableRef) -> "pl.LazyFrame":
        """Return the rows to be read from the version's files piece by piece, after hashing these.

        Raises:
            UnknownTableError: no version has this content.
            DamagedError: a byte of the version's files is not what was written.
        """
        import polars as pl

        commit = self._whole(ref)
        if not commit.files or not ref.rows:
            return pl.DataFrame(_load(ref, commit, None)).lazy()
        return pl.scan_parquet(list(commit.files), hive_partitioning=False, glob=False).select(ref.column_names)

    def files(self, ref: TableRef) -> tuple[str, ...]:
        """Name the version's files, after hashing these.

        Raises:
            UnknownTableError: no version has this content.
            DamagedError: a byte of the version's files is not what was written.
        """
        return tuple(str(file.absolute()) for file in self._whole(ref).files)

    def has(self, ref: TableRef) -> bool:
        """Tell whether this content is there, by the log and its files' sizes."""
        return self._find(ref) is not None

    def damage(self, ref: TableRef) -> str:
        """Say what is damaged, hashing every file of the version; nothing when all is as it was written."""
        try:
            commit = self._find(ref)
            return GONE if commit is None else self._damage(ref, commit)
        except DamagedError as error:
            return str(error)

    def _whole(self, ref: TableRef) -> Commit:
        """Find the version that holds a content, and hash its files."""
        commit = self._find(ref)
        if commit is None and not self._was_there(ref):
            raise UnknownTableError(ref.name, ref.content_id)
        reason = GONE if commit is None else self._damage(ref, commit)
        if commit is None or reason:
            raise _damaged(ref, reason)
        return commit

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name the versions that are not kept, by table and content, and what killed writes left.

        A table's newest version stays for as long as any other does: it is what other Delta readers open.

        Raises:
            DamagedError: a table's log cannot be read.
        """
        return [each for folder in table_folders(self._root) for each in leftovers_in(folder, self._root, is_kept)]

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what was named."""
        for folder in table_folders(self._root):
            remove_from(folder, self._root, found)

    def _find(self, ref: TableRef) -> Commit | None:
        """Look at the version that is sealed, then where the locator points, then through the whole log."""
        folder = self._root / ref.name
        for version in (_sealed_version(folder, ref.content_id), ref.locator):
            hinted = commit_at(folder, version)
            if hinted is not None and hinted.content_id == ref.content_id and hinted.is_whole:
                return hinted
        fitting = (commit for commit in commits(folder) if commit.content_id == ref.content_id)
        return next((commit for commit in fitting if commit.is_whole), None)

    def _was_there(self, ref: TableRef) -> bool:
        folder = self._root / ref.name
        in_log = any(old.content_id == ref.content_id for old in commits(folder))
        return in_log or seal_of(folder, ref.content_id) is not None

    def _damage(self, ref: TableRef, commit: Commit) -> str:
        folder = self._root / ref.name
        try:
            found = seal_of(folder, ref.content_id)
            if found is not None and found.version == commit.version:
                return found.broken(folder, commit)
            return self._first_look(ref, commit)
        except DamagedError as error:
            return str(error)

    def _first_look(self, ref: TableRef, commit: Commit) -> str:
        """Compare the whole content of a version without a seal, and seal it if it is what its id says."""
        if self._content_id(self._loaded(ref, commit)) != ref.content_id:
            return f"version {commit.version} holds other rows than were written"
        with suppress(OSError):  # where one may only read, every look is a first one
            seal(self._root / ref.name, commit)
        return ""

    def _loaded(self, ref: TableRef, commit: Commit) -> Rows:
        if self._engine is None or not commit.files:
            return Rows.of(_load(ref, commit, None))
        return self._engine.keep(_pieces(ref, commit))

    def _content_id(self, rows: Rows) -> str:
        from sluiceway.plans.table_digest import rows_content_id, table_content_id

        return table_content_id(rows.table()) if self._engine is None else rows_content_id(rows, self._engine.sort)


def _sealed_version(folder: Path, content_id: str) -> str:
    try:
        found = seal_of(folder, content_id)
    except DamagedError:  # which reading and ``damage`` report; here the log can still tell
        return ""
    return str(found.version) if found else ""


def _sealed(folder: Path, commit: Commit) -> None:
    try:
        seal(folder, commit)
    except OSError as error:
        raise SourceError(f"the table {folder} cannot be sealed: {disk_trouble(error)}") from error


def _load(ref: TableRef, commit: Commit, columns: Sequence[str] | None) -> "pa.Table":
    """Read a version's own files: what other versions' log entries say, or have become, plays no part."""
    import pyarrow as pa
    from pyarrow import dataset

    from sluiceway.plans.table_digest import STORED_AS, normalise

    if not commit.files:
        kinds = [(column.name, STORED_AS[column.type]) for column in ref.columns]
        empty = pa.schema(kinds).empty_table()
        return empty if columns is None else empty.select(list(columns))
    try:
        parts = dataset.dataset([str(file) for file in commit.files], format="parquet")
        table = parts.to_table(columns=None if columns is None else list(columns))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(ref, str(error).partition("\n")[0]) from error
    if table.num_rows != ref.rows:
        raise _damaged(ref, f"it has {table.num_rows} rows instead of {ref.rows}")
    return normalise(table) if table.num_columns else table


def _pieces(ref: TableRef, commit: Commit) -> "Iterator[pa.Table]":
    """Read a version's own files piece by piece, as tables are stored."""
    import pyarrow as pa
    from pyarrow import dataset

    from sluiceway.plans.table_digest import STORED_AS, normalise

    yield pa.schema([(column.name, STORED_AS[column.type]) for column in ref.columns]).empty_table()
    count = 0
    try:
        for batch in dataset.dataset([str(file) for file in commit.files], format="parquet").to_batches():
            count += batch.num_rows
            yield normalise(pa.Table.from_batches([batch]))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(ref, str(error).partition("\n")[0]) from error
    if count != ref.rows:
        raise _damaged(ref, f"it has {count} rows instead of {ref.rows}")


def _damaged(ref: TableRef, what: str) -> DamagedError:
    return DamagedError(
        f"the stored table {ref.name!r} with content {ref.content_id[:12]} is damaged: {what}; "
        "make it anew: sluiceway run --again ingest for a source, --again features for a training table"
    )

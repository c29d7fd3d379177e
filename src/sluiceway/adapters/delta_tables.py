"""Tables as Delta tables in folders: one folder a name, one version a content, all versions kept."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sluiceway.adapters.delta_log import CONTENT_KEY, Commit, commit_at, commits
from sluiceway.adapters.table_names import checked_name, require_columns
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.errors import ConflictError, DamagedError, SourceError, UnknownTableError

if TYPE_CHECKING:  # ``has`` is on the path of an unchanged run, which should not wait for these
    import pyarrow as pa


class DeltaTables:
    """A Delta table per name below a folder. A ref's locator is the Delta version; without it the log is searched.

    Each version carries its content id in its commit. Old versions are never cleaned up. A version whose files are
    missing or cut short counts as absent, so that writing its content again repairs it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._writing = Lock()

    def write(self, name: str, table: "pa.Table") -> TableRef:
        """Store a table under a name, unless some version of it has this very content already.

        Raises:
            MisuseError: the name is no plain relative path.
            SourceError: a column's type has no kind, or Delta cannot hold the table.
            ConflictError: another process wrote the same table meanwhile.
        """
        from sluiceway.plans.table_digest import normalise, table_ref

        folder = self._root / checked_name(name)
        stored = normalise(table)
        ref = table_ref(name, stored)
        with self._writing:
            commit = self._find(ref)
            version = _append_version(folder, stored, ref.content_id) if commit is None else commit.version
        return TableRef(name, ref.content_id, ref.rows, ref.columns, str(version))

    def read(self, ref: TableRef, columns: Sequence[str] | None = None) -> "pa.Table":
        """Return the rows, of all columns or those named.

        The rows' number is compared, their content is not: hash with ``plans.table_digest`` where that matters.

        Raises:
            UnknownTableError: no version has this content.
            UnknownNameError: the table has no such column.
            DamagedError: the version's files are not readable as what was written.
        """
        commit = self._find(ref)
        if commit is None:
            if any(old.content_id == ref.content_id for old in commits(self._root / ref.name)):
                raise _damaged(ref, "a file is missing or cut short")
            raise UnknownTableError(ref.name, ref.content_id)
        require_columns(ref, columns)
        return _load(self._root / ref.name, ref, commit, columns)

    def has(self, ref: TableRef) -> bool:
        """Tell whether this content is there, by the log and its files' sizes."""
        return self._find(ref) is not None

    def _find(self, ref: TableRef) -> Commit | None:
        """Look where the locator points, then through the whole log."""
        folder = self._root / ref.name
        hinted = commit_at(folder, ref.locator)
        if hinted is not None and hinted.content_id == ref.content_id and hinted.is_whole:
            return hinted
        fitting = (commit for commit in commits(folder) if commit.content_id == ref.content_id)
        return next((commit for commit in fitting if commit.is_whole), None)


def _append_version(folder: Path, table: "pa.Table", content_id: str) -> int:
    from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, write_deltalake
    from deltalake.exceptions import CommitFailedError, DeltaError

    try:
        write_deltalake(
            str(folder),
            table,
            mode="overwrite",
            schema_mode="overwrite",
            commit_properties=CommitProperties(custom_metadata={CONTENT_KEY: content_id}),
            post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
        )
        return DeltaTable(str(folder)).version()
    except CommitFailedError as error:
        raise ConflictError(f"another process wrote the table {folder} meanwhile; try again") from error
    except (DeltaError, OSError) as error:
        raise SourceError(f"the table {folder} cannot be written: {error}; check its columns and the disk") from error


def _load(folder: Path, ref: TableRef, commit: Commit, columns: Sequence[str] | None) -> "pa.Table":
    import pyarrow as pa
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError
    from pyarrow import fs

    from sluiceway.plans.table_digest import normalise

    try:
        version = DeltaTable(str(folder), version=commit.version)
        # deltalake's own file system is Python called from pyarrow's threads, which aborts some exits of the process
        files = fs.SubTreeFileSystem(str(folder.absolute()), fs.LocalFileSystem())
        table = version.to_pyarrow_table(columns=None if columns is None else list(columns), filesystem=files)
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise _damaged(ref, str(error).partition("\n")[0], commit) from error
    if table.num_rows != ref.rows:
        raise _damaged(ref, f"it has {table.num_rows} rows instead of {ref.rows}", commit)
    return normalise(table) if table.num_columns else table


def _damaged(ref: TableRef, what: str, commit: Commit | None = None) -> DamagedError:
    files = ", ".join(str(file) for file in commit.files) if commit else ""
    remove = f"delete {files} and " if files else ""
    return DamagedError(
        f"the stored table {ref.name!r} with content {ref.content_id[:12]} is damaged: {what}; "
        f"{remove}run again to make it anew"
    )

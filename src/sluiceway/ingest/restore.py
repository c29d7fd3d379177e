"""Restoring: the dataset rebuilt from what is stored, and proof that it comes out the same."""

import hashlib
import time
from collections.abc import Iterator, Sequence

from sluiceway.artifacts.dataset_version import DatasetVersion, FileEntry, RestoreReport
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.errors import DamagedError, SourceError, UnknownObjectError
from sluiceway.declare.project import Project
from sluiceway.ports.engine import Engine
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress


def restore_to(version: DatasetVersion, *, objects: ObjectStore, target: ObjectStore) -> None:
    """Write every file of a version to its path in another place. A file is written whole and right, or not at all.

    Raises:
        DamagedError: a stored object is missing, or is not what was stored; the message names file and object.
    """
    for entry in version.files:
        restore_file(entry, objects=objects, target=target)


def restore_file(entry: FileEntry, *, objects: ObjectStore, target: ObjectStore) -> None:
    """Write one file to its path in another place.

    Raises:
        DamagedError: the stored object is missing, or is not what was stored.
    """
    try:
        target.put(entry.path, verified(entry, objects=objects))
    except UnknownObjectError:
        raise DamagedError(f"{entry.path} cannot be restored: its object {entry.object_key} is missing") from None


def verified(entry: FileEntry, *, objects: ObjectStore) -> Iterator[bytes]:
    """Yield a stored file's bytes; fail at the end, before a write of them takes effect, if they are not the file's.

    Raises:
        DamagedError: the bytes hash to something else.
        UnknownObjectError: there is no such object.
    """
    digest = hashlib.sha256()
    for chunk in objects.stream(entry.object_key):
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != entry.sha256:
        raise DamagedError(
            f"{entry.path} is damaged: its object {entry.object_key} hashes to {digest.hexdigest()}; "
            "put the file's own bytes there, from its source or a backup"
        )


def prove_restore(
    project: Project,
    entries: Sequence[FileEntry],
    tables: Sequence[TableRef],
    *,
    objects: ObjectStore,
    engine: Engine,
    progress: Progress,
    scratch: ObjectStore,
) -> RestoreReport:
    """Rebuild every file and table from stored objects alone, hash every byte, and compare; timed.

    Nothing of the project's folder or of the table store is read: files are restored into ``scratch``, an empty store,
    and tables are derived from what stands there. Tables are rebuilt only when every file came out the same. Files and
    tables of the report are those that were rebuilt, equal or not.
    """
    started = time.perf_counter()
    progress.say("restoring everything into an empty place")
    unequal = _unequal_copies(entries, objects, scratch)
    there = {info.key: info.size_bytes for info in scratch.list()}
    restored = [entry for entry in entries if entry.path in there]
    derived: dict[str, str] = {}
    if not unequal:
        unequal = _derive_anew(project, entries, derived, engine=engine, scratch=scratch)
    if not unequal:
        unequal = [f"table {table.name}" for table in tables if derived.get(table.name) != table.content_id]
    size = sum(there[path] for path in {entry.path for entry in restored})
    return RestoreReport(time.perf_counter() - started, len(restored), size, len(derived), tuple(unequal))


def _unequal_copies(entries: Sequence[FileEntry], objects: ObjectStore, scratch: ObjectStore) -> list[str]:
    unequal = []
    for entry in entries:
        try:
            restore_file(entry, objects=objects, target=scratch)
        except DamagedError:
            unequal.append(place(entry))
    return unequal


def _derive_anew(
    project: Project, entries: Sequence[FileEntry], derived: dict[str, str], *, engine: Engine, scratch: ObjectStore
) -> list[str]:
    """Note the content id of every table as it is derived from the restored files; say what went wrong, if anything."""
    from sluiceway.ingest.deriving import derive
    from sluiceway.plans.table_digest import table_content_id

    try:
        for name, table in derive(project, entries, read=lambda entry: scratch.get(entry.path), engine=engine):
            derived[name] = table_content_id(table)
    except SourceError as error:
        return [f"tables after the first {len(derived)}: {error}"]
    return []


def place(entry: FileEntry) -> str:
    """Say which file, and where its bytes are kept."""
    return f"{entry.path} ({entry.object_key})"

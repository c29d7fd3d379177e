"""Restoring: the dataset rebuilt from what is stored, and proof that it comes out the same."""

import hashlib
import time
from collections.abc import Iterator, Sequence

from sluiceway.artifacts.dataset_version import TABLES_FOLDER, DatasetVersion, FileEntry, RestoreReport
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.errors import DamagedError, SourceError, UnknownObjectError
from sluiceway.declare.project import Project
from sluiceway.ingest.hashing import hash_all
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
    scratch: ObjectStore | None = None,
) -> RestoreReport:
    """Rebuild every file and table from stored objects alone, hash every byte, and compare; timed.

    Nothing of the project's folder or of the table store is read. Files are restored into ``scratch``, an empty store,
    and tables derived from what stands there; without one, files are hashed where they are stored and tables derived
    in memory, a source's files at a time. Tables are rebuilt only when every file came out the same.
    """
    started = time.perf_counter()
    progress.say("restoring everything into an empty place")
    unequal = _unequal_objects(entries, objects) if scratch is None else _unequal_copies(entries, objects, scratch)
    if not unequal:
        unequal = _unequal_tables(project, entries, tables, objects=objects, engine=engine, scratch=scratch)
    size = sum(entry.size_bytes for entry in entries)
    return RestoreReport(time.perf_counter() - started, len(entries), size, len(tables), tuple(unequal))


def _unequal_objects(entries: Sequence[FileEntry], objects: ObjectStore) -> list[str]:
    there = {info.key for info in objects.list("files")}
    present = [entry for entry in entries if entry.object_key in there]
    hashes = hash_all(list(dict.fromkeys(entry.object_key for entry in present)), store=objects)
    return [place(entry) for entry in entries if hashes.get(entry.object_key) != entry.sha256]


def _unequal_copies(entries: Sequence[FileEntry], objects: ObjectStore, scratch: ObjectStore) -> list[str]:
    unequal = []
    for entry in entries:
        try:
            restore_file(entry, objects=objects, target=scratch)
        except DamagedError:
            unequal.append(place(entry))
    return unequal


def _unequal_tables(
    project: Project,
    entries: Sequence[FileEntry],
    tables: Sequence[TableRef],
    *,
    objects: ObjectStore,
    engine: Engine,
    scratch: ObjectStore | None,
) -> list[str]:
    from sluiceway.ingest.deriving import derive
    from sluiceway.plans.table_digest import table_content_id

    def read(entry: FileEntry) -> bytes:
        return objects.get(entry.object_key) if scratch is None else scratch.get(entry.path)

    wanted = {table.name: table.content_id for table in tables}
    try:
        for name, table in derive(project, entries, read=read, engine=engine):
            if table_content_id(table) == wanted.get(TABLES_FOLDER + name):
                del wanted[TABLES_FOLDER + name]
    except SourceError as error:
        return [f"{name}: {error}" for name in wanted]
    return [f"table {name}" for name in wanted]


def place(entry: FileEntry) -> str:
    """Say which file, and where its bytes are kept."""
    return f"{entry.path} ({entry.object_key})"

"""Stage 2: the sources, stored byte for byte and as tables, with the proof that they can be rebuilt."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sluiceway.artifacts.dataset_version import TABLES_FOLDER, DatasetVersion, FileEntry
from sluiceway.artifacts.source_schema import SourceSchema
from sluiceway.artifacts.table_ref import Column, TableRef, source_of
from sluiceway.core.digest import sha256_hex
from sluiceway.core.errors import DamagedError, UnknownObjectError
from sluiceway.declare.project import Project
from sluiceway.ingest.delivered import Contents
from sluiceway.ingest.deriving import derive
from sluiceway.ingest.describing import describe
from sluiceway.ingest.landed_events import event_entries, known_event_landing
from sluiceway.ingest.landed_files import entries_of, extract_of, landing_of
from sluiceway.ingest.restore import Extent, Places, prove_restore
from sluiceway.ingest.storing import store_files, with_tags
from sluiceway.plans.schema_policy import schema_changes
from sluiceway.ports.engine import Engine
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import NOTE, Progress
from sluiceway.ports.table_store import TableStore

REBUILT_WHOLE_BELOW = 8 * 1024**3


def run(  # noqa: PLR0913 - a stage takes its ports one by one
    project: Project,
    *,
    files: ObjectStore,
    objects: ObjectStore,
    tables: TableStore,
    engine: Engine,
    progress: Progress,
    scratch: ObjectStore,
    whole_below: int = REBUILT_WHOLE_BELOW,
    earlier: Sequence[DatasetVersion] = (),
) -> DatasetVersion:
    """Store every source file, derive every source's table from what was stored, and rebuild it all to prove it.

    What has landed of databases, APIs and topics is stored already, and joins the files.

    Killed at any moment and run again, it gives the same content id: files are stored by their hash and tables by
    their rows, and each write is whole or not at all.

    Args:
        project: What is declared.
        files: The project's folder, and what lies behind URLs; only read.
        objects: Where files are kept, below ``files/``.
        tables: Where tables are kept, below ``sources/`` and ``quarantine/``.
        engine: Runs the SQL of sources.
        progress: Hears of each file and table.
        scratch: An empty place to restore into.
        whole_below: From so many bytes of source files on the proof goes through a sample of them.
        earlier: Versions that passed gate 2, newest first: what changed is told against the first of other content.

    Raises:
        SourceError: a file is missing, unreadable or changing, or SQL fails.
        DamagedError: an object that was stored before is not what was stored.
    """
    last = earlier[0] if earlier else None
    before = last.files if last else ()
    landings = [landing_of(name, objects) for name, source in project.sources.items() if source.extract is not None]
    entries = store_files(project, files=files, objects=objects, progress=progress, earlier=before)
    arrived = [
        entry
        for name, source in project.sources.items()
        if source.stream is not None
        for entry in event_entries(known_event_landing(name, objects))
    ]
    landed = [entry for landing in landings for entry in entries_of(landing)]
    entries = with_tags([*entries, *landed, *arrived], objects)

    contents = Contents(partial(stored_bytes, objects=objects), partial(stored_chunks, objects=objects))
    refs: list[TableRef] = []
    schemas: list[SourceSchema] = []
    started = time.perf_counter()
    known = last.kept_columns if last else {}
    tell = partial(derive, warn=lambda text: progress.say(f"{NOTE}{text}"))
    for name, rows in tell(project, entries, contents=contents, engine=engine, kept=known, schemas=schemas):
        refs.append(tables.write(name, rows))
        where = "table" if refs[-1].is_below(TABLES_FOLDER) else "in quarantine of"
        progress.say(f"{where} {source_of(name)}: {rows.num_rows:,} rows")
        del rows  # before the next ones are made
    kept = {schema.source: rebuilt_with(schema, known) for schema in schemas}
    proof = prove_restore(
        project,
        entries,
        refs,
        places=Places(files, objects, scratch),
        engine=engine,
        progress=progress,
        extent=Extent(whole_below, time.perf_counter() - started),
        kept=kept,
    )
    patterns = tuple((name, source.files.pattern) for name, source in project.sources.items() if source.files)
    facts = describe(project, refs, {source: [column.name for column in columns] for source, columns in kept.items()})
    made = DatasetVersion(
        entries,
        tuple(refs),
        proof,
        patterns=patterns,
        sources=facts,
        schemas=tuple(schemas),
        extracts=tuple(extract_of(landing) for landing in landings),
    )
    return compared(made, earlier)


def rebuilt_with(schema: SourceSchema, known: Mapping[str, Sequence[Column]]) -> tuple[Column, ...]:
    """Return the columns by which a source is derived again: its own, and those that vanished under ``freeze``."""
    there = {column.name for column in schema.columns}
    vanished = [column for column in known.get(schema.source, ()) if column.name not in there]
    return (*schema.columns, *(vanished if schema.policy == "freeze" else ()))


def compared(version: DatasetVersion, earlier: Sequence[DatasetVersion]) -> DatasetVersion:
    """Note how the sources' own columns differ from those of the newest earlier version of other content."""
    other = next((each for each in earlier if each.content_id != version.content_id), None)
    if other is None:
        return version
    then = {schema.source: schema for schema in other.schemas}
    pairs = [(then[schema.source], schema) for schema in version.schemas if schema.source in then]
    changes = tuple(change for before, after in pairs for change in schema_changes(before, after))
    return replace(version, changes=changes, compared_with=other.content_id)


def stored_bytes(entry: FileEntry, *, objects: ObjectStore) -> bytes:
    """Return a stored file whole.

    Raises:
        DamagedError: it is not what was stored, or no longer there.
    """
    try:
        data = objects.get(entry.object_key)
    except UnknownObjectError:
        raise _gone(entry) from None
    if sha256_hex(data) != entry.sha256:
        raise _damaged(entry)
    return data


def stored_chunks(entry: FileEntry, *, objects: ObjectStore) -> Iterator[bytes]:
    """Yield a stored file in chunks.

    Raises:
        DamagedError: it is no longer there, or, at the end, it is not what was stored.
    """
    digest = hashlib.sha256()
    try:
        for chunk in objects.stream(entry.object_key):
            digest.update(chunk)
            yield chunk
    except UnknownObjectError:
        raise _gone(entry) from None
    if digest.hexdigest() != entry.sha256:
        raise _damaged(entry)


def _gone(entry: FileEntry) -> DamagedError:
    return DamagedError(
        f"{entry.path}: its object {entry.object_key} is gone, though it was stored: was the object store removed "
        "or unmounted meanwhile? The ledger and the sources are safe. Bring the store back, and run again"
    )


def _damaged(entry: FileEntry) -> DamagedError:
    return DamagedError(
        f"{entry.path}: its stored object {entry.object_key} is damaged; remove the object and run again, "
        "which stores the source file anew"
    )

"""Restoring: the dataset rebuilt from what is stored, and proof that it comes out the same."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sluiceway.artifacts.dataset_version import DatasetVersion, FileEntry, RebuiltFrom, RestoreReport, RestoreSample
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.core.errors import DamagedError, NoRoomError, SluicewayError, SourceError, UnknownObjectError
from sluiceway.declare.project import Project
from sluiceway.ingest.sampling import DRAWN, Draw, draw, whole_sources
from sluiceway.ports.engine import Engine
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress
from sluiceway.stats.missed_share import missed_share


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
        target.put(entry.restored_as, verified(entry, objects=objects))
    except UnknownObjectError:
        raise DamagedError(f"{entry.path} cannot be restored: its object {entry.object_key} is missing") from None


def verified(entry: FileEntry, *, objects: ObjectStore) -> Iterator[bytes]:
    """Yield a stored file's bytes; fail at the end, before a write of them takes effect, if they are not the file's.

    Raises:
        DamagedError: the bytes hash to something else.
        UnknownObjectError: there is no such object.
    """
    return _checked(objects.stream(entry.object_key), entry, f"its object {entry.object_key}")


def _checked(chunks: Iterator[bytes], entry: FileEntry, what: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != entry.sha256:
        raise DamagedError(
            f"{entry.path} is damaged: {what} hashes to {digest.hexdigest()}; "
            "put the file's own bytes there, from its source or a backup"
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where a rebuild takes bytes from, the project's ``files`` and stored ``objects``, and an empty ``scratch``."""

    files: ObjectStore
    objects: ObjectStore
    scratch: ObjectStore


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is rebuilt: from ``whole_below`` bytes of source files on a sample of them (see ``ingest.sampling``).

    ``derived_in_s`` is how long all tables took to derive before, for the estimate of a sampled rebuild.
    """

    whole_below: int
    derived_in_s: float = 0.0


def prove_restore(  # noqa: PLR0913 - it takes what a stage is given
    project: Project,
    entries: Sequence[FileEntry],
    tables: Sequence[TableRef],
    *,
    places: Places,
    engine: Engine,
    progress: Progress,
    extent: Extent,
    kept: Mapping[str, Sequence[Column]] = MappingProxyType({}),
) -> RestoreReport:
    """Rebuild every file and table, hash every byte, and compare; timed.

    A file is taken from its source where that is still there and has the same bytes, and from stored objects otherwise.
    Nothing of the table store is read: files go to ``scratch``, and tables are derived from what stands there, only
    when every file came out the same. Files and tables of the report are those that were rebuilt, equal or not.

    Args:
        project: What is declared.
        entries: The manifest.
        tables: What the tables should come out as.
        places: Where bytes come from, and go to.
        engine: Runs the SQL of sources.
        progress: Hears what is done.
        extent: How much is rebuilt.
        kept: The own columns of each source, for those that discard others or freeze.
    """
    started = time.perf_counter()
    chosen = draw(entries, whole_below=extent.whole_below)
    progress.say("restoring everything into an empty place" if not chosen.sampled else "restoring a sample")
    origins, unequal = _copies(chosen.entries, places)
    copied_in_s = time.perf_counter() - started
    there = {info.key: info.size_bytes for info in places.scratch.list()}
    restored = [entry for entry in chosen.entries if entry.restored_as in there]
    size = sum(there[path] for path in {entry.restored_as for entry in restored})
    whole = whole_sources(project, chosen.sampled)
    expected = [table for table in tables if table.source in whole.sources]
    derived: dict[str, str] = {}
    if not unequal:
        unequal = _derive_anew(whole, entries, derived, engine=engine, scratch=places.scratch, kept=kept)
    if not unequal:
        unequal = [f"table {table.name}" for table in expected if derived.get(table.name) != table.content_id]
    sample = None
    if chosen.sampled:
        total = sum({entry.path: entry.size_bytes for entry in entries}.values())
        estimated = copied_in_s * total / max(size, 1) + extent.derived_in_s
        left_out = tuple(table.name for table in tables if table not in expected)
        sample = RestoreSample(len(restored), len(entries), _missed(chosen), left_out, estimated)
    took = time.perf_counter() - started
    return RestoreReport(took, len(restored), size, len(derived), tuple(unequal), origins, sample)


def _missed(chosen: Draw) -> float:
    return max(missed_share(drawn=DRAWN, of=of) for of in chosen.sampled.values())


def _copies(entries: Sequence[FileEntry], places: Places) -> tuple[tuple[RebuiltFrom, ...], list[str]]:
    """Copy each file; return where they came from by source, and those that nothing gives back as they were."""
    unequal: list[str] = []
    counts: dict[str, list[int]] = {}
    for entry in entries:
        taken = counts.setdefault(entry.source, [0, 0])
        if _copied_from_source(entry, places):
            taken[0] += 1
            continue
        try:
            restore_file(entry, objects=places.objects, target=places.scratch)
            taken[1] += 1
        except DamagedError:
            unequal.append(place(entry))
    return tuple(RebuiltFrom(source, *taken) for source, taken in counts.items()), unequal


def _copied_from_source(entry: FileEntry, places: Places) -> bool:
    """Copy a file from its source; tell whether that is there, can be read, and has the bytes that it had."""
    try:
        chunks = _checked(places.files.stream(entry.path), entry, "the source")
        places.scratch.put(entry.restored_as, chunks)
    except SluicewayError:  # a scratch place that cannot be written refuses the stored object as well, and says so
        return False
    return True


def _derive_anew(
    project: Project,
    entries: Sequence[FileEntry],
    derived: dict[str, str],
    *,
    engine: Engine,
    scratch: ObjectStore,
    kept: Mapping[str, Sequence[Column]],
) -> list[str]:
    """Note the content id of every table as it is derived from the restored files; say what went wrong, if anything."""
    from sluiceway.ingest.delivered import Contents
    from sluiceway.ingest.deriving import derive
    from sluiceway.plans.table_digest import rows_content_id

    contents = Contents(lambda entry: scratch.get(entry.restored_as), lambda entry: scratch.stream(entry.restored_as))
    try:
        for name, rows in derive(project, entries, contents=contents, engine=engine, kept=kept):
            derived[name] = rows_content_id(rows, engine.sort)
            del rows  # before the next ones are made
    except NoRoomError:
        raise
    except SourceError as error:
        return [f"tables after the first {len(derived)}: {error}"]
    return []


def place(entry: FileEntry) -> str:
    """Say which file, and where its bytes are kept."""
    return f"{entry.path} ({entry.object_key})"

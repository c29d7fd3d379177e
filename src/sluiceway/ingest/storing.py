"""Storing: source files copied to where their content says, and written down in the manifest."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sluiceway.artifacts.dataset_version import FileEntry
from sluiceway.core.digest import sha256_hex
from sluiceway.core.errors import SourceError
from sluiceway.core.moments import in_utc
from sluiceway.declare.project import Project
from sluiceway.ingest.hashing import hash_stream
from sluiceway.ingest.selection import goes_by_tag, required, selected
from sluiceway.ports.object_store import ObjectInfo, ObjectStore
from sluiceway.ports.progress import Progress

# Memory for a larger file is slower to get than its bytes are to read again.
HELD_BYTES = 8 * 1024 * 1024


def store_files(
    project: Project,
    *,
    files: ObjectStore,
    objects: ObjectStore,
    progress: Progress,
    earlier: Sequence[FileEntry] = (),
) -> tuple[FileEntry, ...]:
    """Store every file of every source once, by its SHA-256, and return the manifest in the order of sources and paths.

    A file up to 8 MiB is read once, hashed and written; a larger one is read twice, so that no more than a chunk is
    held. What is stored already is not written again, unless it is damaged.

    ``earlier`` is the manifest of an earlier version: where size and tag stand for a file's bytes (behind URLs, and
    from 1 GiB in a source), one that is as it was there is not read again, as long as its object is as it was, too.

    Raises:
        SourceError: a source has no file, or a file changed while it was read.
    """
    there = {info.key: info for info in objects.list("files")}
    stored = {key: info.size_bytes for key, info in there.items()}
    chosen: list[tuple[str, ObjectInfo]] = []
    known: dict[tuple[str, ObjectInfo], FileEntry] = {}
    for source in project.sources.values():
        if source.files is not None:
            found = required(source.name, source.files.pattern, store=files)
            chosen += [(source.name, info) for info in found]
            known |= _as_before(source.name, found, earlier, there)
    total, done = sum(info.size_bytes for _, info in chosen), 0
    entries: list[FileEntry] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        work = pool.map(
            lambda pair: known.get(pair) or _store(*pair, files=files, objects=objects, stored=stored), chosen
        )
        for entry in work:
            entries.append(entry)
            done += entry.size_bytes
            progress.say(f"stored {entry.path}")
            progress.advance(done, total)
    return with_tags(entries, objects)


def _as_before(
    source: str, found: Sequence[ObjectInfo], earlier: Sequence[FileEntry], there: dict[str, ObjectInfo]
) -> dict[tuple[str, ObjectInfo], FileEntry]:
    """Find the files whose size and tag are those of an earlier version, and whose object is untouched since."""
    by_tag = goes_by_tag(found)
    before = {(entry.path, entry.size_bytes, entry.source_tag): entry for entry in earlier}
    kept: dict[tuple[str, ObjectInfo], FileEntry] = {}
    for info in found:
        entry = before.get((info.key, info.size_bytes, info.tag)) if by_tag(info) else None
        held = there.get(entry.object_key) if entry else None
        if entry and held and entry.object_tag and (held.size_bytes, held.tag) == (entry.size_bytes, entry.object_tag):
            kept[source, info] = replace(entry, source=source)
    return kept


def _store(
    source: str, info: ObjectInfo, *, files: ObjectStore, objects: ObjectStore, stored: dict[str, int]
) -> FileEntry:
    if info.size_bytes > HELD_BYTES:
        entry = _entry(source, info, hash_stream(files.stream(info.key)), info.size_bytes)
        if not _intact(entry, objects, stored):
            objects.put(entry.object_key, _unchanged(info, files))
        return entry
    data = files.get(info.key)
    entry = _entry(source, info, sha256_hex(data), len(data))
    if not _intact(entry, objects, stored):
        objects.put(entry.object_key, data)
    return entry


def _intact(entry: FileEntry, objects: ObjectStore, stored: dict[str, int]) -> bool:
    """Whether a file's bytes are stored already, and still are what they were."""
    there = stored.get(entry.object_key) == entry.size_bytes
    return there and hash_stream(objects.stream(entry.object_key)) == entry.sha256


def _entry(source: str, info: ObjectInfo, sha256: str, size_bytes: int) -> FileEntry:
    date = in_utc(info.modified_at).date().isoformat()
    return FileEntry(info.key, sha256, date, size_bytes, source, source_tag=info.tag)


def _unchanged(info: ObjectInfo, files: ObjectStore) -> Iterator[bytes]:
    """Yield a file's bytes; fail at the end, before the write takes effect, if it changed since it was hashed."""
    yield from files.stream(info.key)
    if selected(info.key, store=files) != [info]:
        raise SourceError(f"{info.key} changed while it was being stored; run again when nothing writes to it")


def with_tags(entries: list[FileEntry], objects: ObjectStore) -> tuple[FileEntry, ...]:
    """Note of each entry what the store says of its object now."""
    tags = {info.key: info.tag for info in objects.list("files")}
    return tuple(replace(entry, object_tag=tags.get(entry.object_key, "")) for entry in entries)

"""Integrity: whether the stored bytes are still what was stored, and the sources still what was ingested."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sluiceway.artifacts.dataset_version import DatasetVersion, FileEntry, IntegrityReport
from sluiceway.declare.files import is_remote
from sluiceway.ingest.hashing import REHASH_BELOW_BYTES, hash_all
from sluiceway.ingest.landed_events import event_entries, event_parts, known_event_landing
from sluiceway.ingest.landed_files import entries_of, known_landing
from sluiceway.ingest.selection import selected
from sluiceway.ports.object_store import ObjectInfo, ObjectStore
from sluiceway.ports.table_store import TableStore


def inspected(
    version: DatasetVersion, *, files: ObjectStore, objects: ObjectStore, tables: TableStore
) -> DatasetVersion:
    """Return the version with a look at its bytes as they are now."""
    return replace(version, integrity=inspect(version, files=files, objects=objects, tables=tables))


def inspect(
    version: DatasetVersion,
    *,
    files: ObjectStore,
    objects: ObjectStore,
    tables: TableStore,
    rehash_below: int = REHASH_BELOW_BYTES,
) -> IntegrityReport:
    """Compare stored objects and tables and every source file with the manifest, and look for files that came later.

    Args:
        version: The manifest, and the pattern of each source.
        files: The project's folder, and what lies behind URLs.
        objects: Where the bytes are kept.
        tables: Where the tables are kept.
        rehash_below: With fewer bytes of source files than this, every byte of sources, objects and tables is hashed.
            Otherwise size and tag (time and inode) are compared and only what differs in tag is hashed, and of tables
            the files' sizes are compared. Files behind URLs always go by size and tag, where they have one.
    """
    own = [entry for entry in version.files if not entry.landed]
    total = sum(entry.size_bytes for entry in {entry.path: entry for entry in version.files}.values())
    method = "sha256" if total < rehash_below else "stat"
    now = {source: selected(pattern, store=files) for source, pattern in version.patterns}
    matched = {info.key for found in now.values() for info in found}
    unmatched = _listed(files, {entry.path for entry in own} - matched)
    stored = _differing(
        {entry.object_key: entry for entry in version.files},
        {entry.object_key: entry.object_tag if method == "stat" else "" for entry in version.files},
        listed=_listed(objects, {"files"}),
        store=objects,
    )
    sources = _differing(
        {entry.path: entry for entry in own},
        {entry.path: entry.source_tag if method == "stat" or is_remote(entry.path) else "" for entry in own},
        listed={info.key: info for found in now.values() for info in found} | unmatched,
        store=files,
    )
    damaged = [
        f"{entry.path}: object {entry.object_key} {stored[entry.object_key]}"
        for entry in version.files
        if entry.object_key in stored
    ]
    changed = [f"{path}: {reason}" for path, reason in sorted(sources.items())]
    damaged += _damaged_tables(version, tables, look_inside=method == "sha256")
    if any(is_remote(entry.path) and entry.source_tag for entry in own):
        method += ", tag behind URLs"
    changed += [*_added(version, now), *_landed_since(version, objects)]
    return IntegrityReport(tuple(damaged), tuple(changed), method)


def _damaged_tables(version: DatasetVersion, tables: TableStore, *, look_inside: bool) -> Iterator[str]:
    for ref in version.tables:
        reason = tables.damage(ref) if look_inside or not tables.has(ref) else ""
        if reason:
            yield f"table {ref.name}: {reason}"


def _listed(store: ObjectStore, folders: set[str]) -> dict[str, ObjectInfo]:
    return {info.key: info for folder in folders for info in store.list(folder)}


def _differing(
    expected: Mapping[str, FileEntry],
    tags: Mapping[str, str],
    *,
    listed: Mapping[str, ObjectInfo],
    store: ObjectStore,
) -> dict[str, str]:
    """Say of each key that is not as expected how it differs; a known, unchanged tag saves hashing."""
    found: dict[str, str] = {}
    doubtful: list[str] = []
    for key, entry in expected.items():
        if key not in listed:
            found[key] = "is missing"
        elif listed[key].size_bytes != entry.size_bytes:
            found[key] = f"has {listed[key].size_bytes} bytes, not {entry.size_bytes}"
        elif not tags[key] or tags[key] != listed[key].tag:
            doubtful.append(key)
    hashes = hash_all(doubtful, store=store)
    return found | {key: "has other bytes" for key in doubtful if hashes[key] != expected[key].sha256}


def _landed_since(version: DatasetVersion, objects: ObjectStore) -> Iterator[str]:
    """Compare the version's extracts and topics with what has landed by now; a run asks the origins themselves."""
    for extract in version.extracts:
        landing = known_landing(extract.source, objects)
        now = {entry.path: entry.sha256 for entry in entries_of(landing)} if landing else {}
        own = (each for each in version.files if each.landed and each.source == extract.source)
        then = {entry.path: entry.sha256 for entry in own if not entry.is_event_part}
        if now != then:
            yield f"{extract.source}: has landed otherwise since ({extract.shown})"
    for source in sorted({entry.source for entry in version.files if entry.is_event_part}):
        entries = event_entries(known_event_landing(source, objects))
        if [entry.path for entry in event_parts(version.files, source)] != [entry.path for entry in entries]:
            yield f"{source}: further events have landed since"


def _added(version: DatasetVersion, now: Mapping[str, list[ObjectInfo]]) -> Iterator[str]:
    for source, found in now.items():
        known = {entry.path for entry in version.files if entry.source == source}
        for info in found:
            if info.key not in known:
                yield f"{info.key}: is new and belongs to source {source}"

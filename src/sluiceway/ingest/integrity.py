"""Integrity: whether the stored bytes are still what was stored, and the sources still what was ingested."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sluiceway.artifacts.dataset_version import DatasetVersion, FileEntry, IntegrityReport
from sluiceway.ingest.hashing import REHASH_BELOW_BYTES, hash_all
from sluiceway.ingest.selection import selected
from sluiceway.ports.object_store import ObjectInfo, ObjectStore


def inspected(version: DatasetVersion, *, files: ObjectStore, objects: ObjectStore) -> DatasetVersion:
    """Return the version with a look at its bytes as they are now."""
    return replace(version, integrity=inspect(version, files=files, objects=objects))


def inspect(
    version: DatasetVersion, *, files: ObjectStore, objects: ObjectStore, rehash_below: int = REHASH_BELOW_BYTES
) -> IntegrityReport:
    """Compare every stored object and every source file with the manifest, and look for files that came later.

    Args:
        version: The manifest, and the pattern of each source.
        files: The project's folder.
        objects: Where the bytes are kept.
        rehash_below: With fewer bytes than this in all, objects and sources together, every byte is hashed. Otherwise
            size and tag (time and inode) are compared, and only what differs in tag is hashed.
    """
    total = 2 * sum(entry.size_bytes for entry in version.files)
    method = "sha256" if total < rehash_below else "stat"
    stored = _differing(
        {entry.object_key: entry for entry in version.files},
        {entry.object_key: entry.object_tag if method == "stat" else "" for entry in version.files},
        listed=_listed(objects, {"files"}),
        store=objects,
    )
    sources = _differing(
        {entry.path: entry for entry in version.files},
        {entry.path: entry.source_tag if method == "stat" else "" for entry in version.files},
        listed=_listed(files, {entry.path for entry in version.files}),
        store=files,
    )
    damaged = [
        f"{entry.path}: object {entry.object_key} {stored[entry.object_key]}"
        for entry in version.files
        if entry.object_key in stored
    ]
    changed = [f"{path}: {reason}" for path, reason in sorted(sources.items())]
    return IntegrityReport(tuple(damaged), (*changed, *_added(version, files)), method)


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


def _added(version: DatasetVersion, files: ObjectStore) -> Iterator[str]:
    for source, pattern in version.patterns:
        known = {entry.path for entry in version.files if entry.source == source}
        for info in selected(pattern, store=files):
            if info.key not in known:
                yield f"{info.key}: is new and belongs to source {source}"

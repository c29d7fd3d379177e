"""Selection: the files that a source is made of, as they lie in the project now, and what identifies them."""

from difflib import get_close_matches

from sluiceway.core.errors import SourceError
from sluiceway.declare.files import Files
from sluiceway.ingest.hashing import REHASH_BELOW_BYTES, hash_all
from sluiceway.plans.file_pattern import fixed_part, folder_of, matching
from sluiceway.ports.object_store import ObjectInfo, ObjectStore


def selected(pattern: str, *, store: ObjectStore) -> list[ObjectInfo]:
    """Return the files that a pattern names, sorted by path; none is no error here."""
    exact = store.list(pattern) if fixed_part(pattern) == pattern else []
    if [info.key for info in exact] == [pattern]:
        return exact
    listed = {info.key: info for info in store.list(folder_of(pattern))}
    return [listed[path] for path in matching(pattern, listed)]


def required(source: str, pattern: str, *, store: ObjectStore) -> list[ObjectInfo]:
    """Return the files that a pattern names, at least one.

    Raises:
        SourceError: there is none.
    """
    found = selected(pattern, store=store)
    if not found:
        near = get_close_matches(pattern, [info.key for info in store.list(folder_of(pattern))], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "put the file there, or correct the path in pipeline.py"
        raise SourceError(f"source {source!r}: no file matches {pattern!r}; {hint}")
    return found


def file_identity(files: Files, *, store: ObjectStore) -> list[list[str | int]]:
    """Identify the files of a source as they are now: path and SHA-256, or, from 1 GiB, path, size and tag."""
    found = selected(files.pattern, store=store)
    if sum(info.size_bytes for info in found) >= REHASH_BELOW_BYTES:
        return [[info.key, info.size_bytes, info.tag] for info in found]
    hashes = hash_all([info.key for info in found], store=store)
    return [[path, digest] for path, digest in hashes.items()]

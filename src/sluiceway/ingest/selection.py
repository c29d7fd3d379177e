"""Selection: the files that a source is made of, as they lie in the project now, and what identifies them."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches

from sluiceway.core.errors import SourceError
from sluiceway.declare.files import Files, is_remote
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
    """Identify the files of a source as they are now: path and SHA-256, or path, size and tag.

    By size and tag go files of 1 GiB and more together, and files behind URLs, so that nothing is fetched to find that
    nothing changed. What has no tag is hashed.
    """
    found = selected(files.pattern, store=store)
    by_tag = goes_by_tag(found)
    hashes = hash_all([info.key for info in found if not by_tag(info)], store=store)
    return [[info.key, info.size_bytes, info.tag] if by_tag(info) else [info.key, hashes[info.key]] for info in found]


def goes_by_tag(found: Sequence[ObjectInfo]) -> Callable[[ObjectInfo], bool]:
    """Tell of each of a source's files whether its size and tag stand for its bytes, which are then not read again."""
    many = sum(info.size_bytes for info in found) >= REHASH_BELOW_BYTES
    return lambda info: bool(info.tag) and (many or is_remote(info.key))

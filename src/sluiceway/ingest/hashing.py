"""Hashing: SHA-256 of stored bytes, several objects at a time, each streamed."""

import hashlib
import os
from collections.abc import Iterable, Sequence

from sluiceway.ports.object_store import ObjectStore

REHASH_BELOW_BYTES = 1024**3


def hash_stream(chunks: Iterable[bytes]) -> str:
    """Hash a stream of bytes to 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def hash_all(keys: Sequence[str], *, store: ObjectStore) -> dict[str, str]:
    """Hash objects by key, in the order of the keys; on all cores, as hashing lets other threads run.

    Raises:
        UnknownObjectError: the store lacks one of them.
    """
    if len(keys) <= 1:
        return {key: hash_stream(store.stream(key)) for key in keys}
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(keys, pool.map(lambda key: hash_stream(store.stream(key)), keys), strict=True))

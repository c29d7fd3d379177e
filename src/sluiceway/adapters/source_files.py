"""Source files: those in the project's folder, and those behind URLs, which are fetched once and kept by their hash."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO

import obstore
from obstore.exceptions import BaseError

from sluiceway.adapters.obstore_objects import CHUNK_BYTES, ObstoreObjects, tag_of
from sluiceway.adapters.remote_places import RemotePlaces, root_of
from sluiceway.adapters.store_failure import refused
from sluiceway.artifacts.object_keys import FETCHED, object_key
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import MisuseError, SourceError, UnknownObjectError
from sluiceway.core.moments import in_utc
from sluiceway.declare.files import is_remote
from sluiceway.ports.object_store import ObjectInfo, ObjectStore

HELD_BYTES = 32 * 1024 * 1024


class SourceFiles:
    """Files by their path below the project's folder, or by their URL: ``s3://bucket/key``, ``https://host/path``.

    What lies behind a URL is fetched once: its bytes are kept in ``kept`` as every source file is, and a note says
    which hash belongs to the URL with that size and tag. As long as the server tells the same size and tag, and the
    kept bytes are intact, they are read instead; what was listed is believed until it is listed again. A server
    without tags and times is asked for the bytes each time.
    Nothing is written behind a URL. A web server cannot be listed: it has the file of that very URL, or none.
    """

    def __init__(self, local: ObjectStore, *, kept: ObjectStore, places: RemotePlaces, spool: Path) -> None:
        self._local, self._kept, self._places, self._spool = local, kept, places, spool
        self._intact: set[str] = set()
        self._listed: dict[str, ObjectInfo] = {}
        self._fetching: defaultdict[str, Lock] = defaultdict(Lock)

    def put(self, key: str, data: bytes | Iterable[bytes]) -> None:
        """Store bytes in the project's folder.

        Raises:
            MisuseError: the key is a URL, which is only read.
        """
        if is_remote(key):
            raise MisuseError(f"{key} is a source, which is only read")
        self._local.put(key, data)

    def get(self, key: str) -> bytes:
        """Return a file whole. Raises ``UnknownObjectError`` when there is none."""
        return self._kept.get(self._fetched(key)) if is_remote(key) else self._local.get(key)

    def stream(self, key: str) -> Iterator[bytes]:
        """Yield a file in chunks. Raises ``UnknownObjectError`` when there is none."""
        return self._kept.stream(self._fetched(key)) if is_remote(key) else self._local.stream(key)

    def has(self, key: str) -> bool:
        """Tell whether there is such a file."""
        return self._info(key) is not None if is_remote(key) else self._local.has(key)

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """Return what lies under a folder, or the one file of that very path or URL, sorted by key."""
        if not is_remote(prefix):
            return self._local.list(prefix)
        root = root_of(prefix)
        if root.startswith("http"):
            there = self._info(prefix)
            return [there] if there else []
        store = ObstoreObjects.over(self._places.open(root))
        try:
            listed = store.list(prefix.removeprefix(root).strip("/"))
        except SourceError as error:
            raise SourceError(str(error).replace("could not list ", f"could not list {root}, ", 1)) from None
        found = [ObjectInfo(f"{root}/{info.key}", info.size_bytes, info.modified_at, info.tag) for info in listed]
        self._listed |= {info.key: info for info in found if info.tag}
        return found

    def _info(self, url: str) -> ObjectInfo | None:
        root, path = split(url)
        if not path:
            return None
        try:
            meta = obstore.head(self._places.open(root), path)
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise refused("read", url, error) from None
        return ObjectInfo(url, meta["size"], in_utc(meta["last_modified"]), tag_of(meta))

    def _fetched(self, url: str) -> str:
        """Give the key that a URL's bytes are kept under; fetch them unless they are there."""
        with self._fetching[url]:
            info = self._listed.get(url) or self._info(url)
            if info is None:
                raise UnknownObjectError(url)
            note = FETCHED + digest_of([url, info.size_bytes, info.tag])
            key = self._noted(note) if info.tag else None
            if key is None:
                key = self._fetch(info)
                self._kept.put(note, key.rpartition("/")[2].encode())
            return key

    def _noted(self, note: str) -> str | None:
        """Find what was fetched before, if it is still there and still what it was."""
        try:
            key = object_key(self._kept.get(note).decode())
        except UnknownObjectError:
            return None
        return key if self._is_intact(key) else None

    def _is_intact(self, key: str) -> bool:
        if key not in self._intact:
            try:
                digest = hashlib.sha256()
                for chunk in self._kept.stream(key):
                    digest.update(chunk)
            except UnknownObjectError:
                return False
            if object_key(digest.hexdigest()) != key:
                return False
            self._intact.add(key)
        return True

    def _fetch(self, info: ObjectInfo) -> str:
        """Fetch a file into a place without a name, which a kill leaves nothing of, then keep it by its hash."""
        self._spool.mkdir(parents=True, exist_ok=True)
        with SpooledTemporaryFile(HELD_BYTES, dir=str(self._spool)) as spooled:
            key = object_key(self._download(info, spooled))
            if not self._is_intact(key):
                spooled.seek(0)
                self._kept.put(key, iter(lambda: spooled.read(CHUNK_BYTES), b""))
                self._intact.add(key)
        return key

    def _download(self, info: ObjectInfo, target: IO[bytes]) -> str:
        root, path = split(info.key)
        digest, size = hashlib.sha256(), 0
        try:
            answer = obstore.get(self._places.open(root), path)
            changed = tag_of(answer.meta) != info.tag
            for chunk in answer.stream(min_chunk_size=CHUNK_BYTES):
                size += target.write(chunk)
                digest.update(chunk)
        except FileNotFoundError:
            raise SourceError(f"{info.key} vanished while it was being read; put it back, or run again") from None
        except (BaseError, OSError) as error:
            raise refused("read", info.key, error) from None
        if changed or size != info.size_bytes:
            raise SourceError(
                f"{info.key} changed while it was being read, or came short: {size:,} bytes of {info.size_bytes:,}; "
                "run again when nothing writes to it"
            )
        return digest.hexdigest()


def split(url: str) -> tuple[str, str]:
    """Cut a URL into its bucket or server, and the path there.

    >>> split("s3://lake/data/a.csv")
    ('s3://lake', 'data/a.csv')
    """
    root = root_of(url)
    return root, url.removeprefix(root).strip("/")

"""Objects in a folder, in memory, or in a bucket, through obstore."""

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore

from sluiceway.adapters.store_failure import refused
from sluiceway.core.errors import MisuseError, UnknownObjectError
from sluiceway.core.moments import in_utc
from sluiceway.ports.object_store import ObjectInfo
from sluiceway.ports.sweepable import OBJECT, STAGED, Leftover

if TYPE_CHECKING:
    from obstore import ObjectMeta

CHUNK_BYTES = 1 << 20
READ_BYTES = 1 << 18
# S3 refuses parts below 5 MiB, but for the last.
PART_BYTES = 8 << 20
# obstore takes "<key>#<number>" for a write in progress: it neither writes nor lists such names.
STAGED_NAME = re.compile(r"#\d+$")
LONGEST_NAME, SIGN_BYTES = 255, 20
TURN = count()


class ObstoreObjects:
    """An object store in one folder of this machine, in memory, or wherever obstore reaches.

    Locally each write goes to a staged file beside its place and is renamed when whole; what a kill leaves staged is
    never listed nor read. Links are followed, wherever they lead; links to nothing are not there. A tag is inode,
    time and size, so that it changes with every write. A folder that does not exist is an empty store, and is made by
    the first write. Elsewhere a write is a single request, or a multipart upload that counts once it is complete.
    """

    def __init__(self, folder: Path | None, opened: ObjectStore | None = None) -> None:
        self._folder = folder
        self._opened = MemoryStore() if folder is None and opened is None else opened

    @classmethod
    def local(cls, folder: Path) -> Self:
        """Keep objects as files below a folder."""
        return cls(folder)

    @classmethod
    def memory(cls) -> Self:
        """Keep objects in this process, for as long as it lives."""
        return cls(None)

    @classmethod
    def over(cls, store: ObjectStore) -> Self:
        """Keep objects where an opened obstore store keeps them, such as in a bucket."""
        return cls(None, store)

    def put(self, key: str, data: bytes | Iterable[bytes]) -> None:
        """Store bytes, or a stream of them, replacing what was there.

        Raises:
            MisuseError: the key is no relative path inside the store.
            SourceError: the folder cannot be written.
        """
        _checked(key)
        try:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
            store = self._opening_store(key)
            if self._folder is not None:
                _write(self._folder / key, [bytes(data)] if isinstance(data, bytes | bytearray | memoryview) else data)
            elif isinstance(data, bytes | bytearray | memoryview):
                obstore.put(store, key, bytes(data))
            else:
                _pour(store, key, data)
        except (BaseError, OSError) as error:
            raise refused("write", key, error) from error

    def get(self, key: str) -> bytes:
        """Return an object whole; of a folder directly, as obstore takes twice the time."""
        try:
            if self._folder is not None:
                return self._file(key).read_bytes()
            return bytes(self._opening(key).bytes())
        except FileNotFoundError:
            raise UnknownObjectError(key) from None
        except (BaseError, OSError) as error:
            raise refused("read", key, error) from error

    def stream(self, key: str) -> Iterator[bytes]:
        """Yield an object in chunks of at most 1 MiB.

        A folder's files are read directly: obstore hands chunks over at a fifth of the speed of SHA-256.
        """
        if self._folder is not None:
            return _read(key, self._file(key))
        return _chunks(key, self._opening(key).stream(min_chunk_size=CHUNK_BYTES))

    def has(self, key: str) -> bool:
        """Tell whether there is such an object."""
        _checked(key)
        store = self._store()
        try:
            return store is not None and bool(obstore.head(store, key))
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as error:
            raise refused("read", key, error) from error

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """Return what lies under a folder (or everything), or the one object of that very key, sorted by key."""
        store, folder = self._store(), prefix.rstrip("/")
        if folder:
            _checked(folder)
        try:
            found = [] if store is None else _listed(store, folder)
        except (BaseError, OSError) as error:
            raise refused("list", prefix, error) from error
        infos = (ObjectInfo(meta["path"], meta["size"], in_utc(meta["last_modified"]), tag_of(meta)) for meta in found)
        return sorted(infos, key=lambda info: info.key)

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name the objects that are not kept, and what killed writes left staged."""
        objects = [Leftover(info.key, info.size_bytes, OBJECT) for info in self.list() if not is_kept(info.key)]
        return sorted([*objects, *self._staged()], key=lambda found: found.key)

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what was named."""
        store = self._store()
        for each in found:
            if each.kind == STAGED and self._folder is not None:
                (self._folder / each.key).unlink(missing_ok=True)
            elif store is not None:
                _delete(store, each.key)

    def _staged(self) -> Iterator[Leftover]:
        """Find what obstore never lists; in memory nothing is ever left."""
        for path in self._folder.rglob("*#*") if self._folder is not None else ():
            if STAGED_NAME.search(path.name) and path.is_file() and not path.is_symlink():
                yield Leftover(path.relative_to(self._folder or path).as_posix(), path.stat().st_size, STAGED)

    def _store(self) -> ObjectStore | None:
        """Open the folder once it is there: obstore cannot open one that is not."""
        if self._opened is None and self._folder is not None and self._folder.is_dir():
            self._opened = LocalStore(self._folder)
        return self._opened

    def _file(self, key: str) -> Path:
        path = (self._folder or Path()) / _checked(key)
        if not path.is_file():
            raise UnknownObjectError(key)
        return path

    def _opening_store(self, key: str) -> ObjectStore:
        store = self._store()
        if store is None:
            raise UnknownObjectError(key)
        return store

    def _opening(self, key: str) -> "obstore.GetResult":
        try:
            return obstore.get(self._opening_store(_checked(key)), key)
        except FileNotFoundError as error:
            raise UnknownObjectError(key) from error
        except (BaseError, OSError) as error:
            raise refused("read", key, error) from error


def _checked(key: str) -> str:
    """Refuse a key that is not a plain relative path, before any file is touched."""
    parts = key.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\0" in key or STAGED_NAME.search(key):
        raise MisuseError(
            f"{key!r} is not an object's key; write a relative path such as 'data/flights.csv', without '..', "
            "without empty parts, and not ending in '#' and a number"
        )
    return key


def _listed(store: ObjectStore, prefix: str) -> "list[ObjectMeta]":
    """List a folder, looking at nothing outside it, or find the one object that has the prefix for its key."""
    try:
        return [obstore.head(store, prefix)] if prefix else [meta for batch in obstore.list(store) for meta in batch]
    except (FileNotFoundError, NotADirectoryError):
        return [meta for batch in obstore.list(store, prefix) for meta in batch]


def _delete(store: ObjectStore, key: str) -> None:
    try:
        obstore.delete(store, _checked(key))
    except FileNotFoundError:
        return
    except (BaseError, OSError) as error:
        raise refused("remove", key, error) from error


def tag_of(meta: "ObjectMeta") -> str:
    """Give what changes when an object does: its ETag, or the time of its last change where a server has none."""
    changed = in_utc(meta["last_modified"])
    return (meta["e_tag"] or "").strip('"') or (changed.isoformat() if changed.timestamp() > 0 else "")


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file beside its place, under a name that obstore does not list, and rename it when it is whole.

    Through obstore, chunks take twice the processor's time, and a name needs room for its sign.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sign = f"#{time.time_ns() % 10**10:010}{next(TURN) % 10**4:04}"
    staged = path.with_name(f"{path.name[: LONGEST_NAME // 5]}{sign}" if is_long(path.name) else f"{path.name}{sign}")
    try:
        with staged.open("wb", buffering=0) as file:
            for chunk in chunks:
                view = memoryview(chunk)
                while view:
                    view = view[file.write(view) :]
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def is_long(name: str) -> bool:
    """Whether a name leaves no room for a sign behind it."""
    return len(os.fsencode(name)) > LONGEST_NAME - SIGN_BYTES


def _pour(store: ObjectStore, key: str, chunks: Iterable[bytes]) -> None:
    """Write a stream. Unless it ends well the writer is dropped unclosed, and with it what was staged.

    ``obstore.put`` would draw the stream on its own runtime, where a stream that itself reads a store cannot run.
    """
    writer = obstore.open_writer(store, key, buffer_size=PART_BYTES)
    for chunk in chunks:
        writer.write(bytes(chunk))
    writer.close()


def _chunks(key: str, content: Iterable[bytes]) -> Iterator[bytes]:
    """Cut what the store hands out, which in memory is the object whole."""
    try:
        for part in content:
            view = memoryview(part)
            for start in range(0, len(view), CHUNK_BYTES):
                yield bytes(view[start : start + CHUNK_BYTES])
    except (BaseError, OSError) as error:
        raise refused("read", key, error) from error


def _read(key: str, path: Path) -> Iterator[bytes]:
    """Read a file to its end; it is open only from the first chunk on, so that a stream nobody reads holds nothing."""
    try:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(READ_BYTES):
                yield chunk
    except FileNotFoundError:
        raise UnknownObjectError(key) from None
    except OSError as error:
        raise refused("read", key, error) from error

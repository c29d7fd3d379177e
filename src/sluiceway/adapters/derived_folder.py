"""Derived tables as Arrow files in a folder, mapped into memory: what is not looked at is not read.

A file's name ends in its own SHA-256, so one rename makes both the table and its seal. The hash is compared when a file
is first asked for, and again once its size, time or number has changed.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING

from sluiceway.adapters.table_names import checked_key
from sluiceway.core.disk_trouble import disk_trouble
from sluiceway.core.errors import SourceError
from sluiceway.ports.sweepable import STAGED, TABLE, Leftover

if TYPE_CHECKING:  # which every command would wait for
    import pyarrow as pa

SUFFIX, DRAFT = ".arrow", ".draft"

Stamp = tuple[int, int, int]


class DerivedFolder:
    """One file a key below a folder. Safe to share between threads and processes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._believed: dict[Path, Stamp] = {}

    def put(self, key: str, table: "pa.Table") -> None:
        """Keep a table under a key.

        Raises:
            MisuseError: the key is no plain relative path.
            SourceError: the disk refuses.
        """
        place = self._root / checked_key(key)
        draft = place.with_name(f"{place.name}.{os.getpid()}-{get_ident()}{DRAFT}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            file = place.with_name(f"{place.name}.{_written(draft, table)}{SUFFIX}")
            before = list(self._files(key))
            draft.replace(file)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise SourceError(f"a derived table cannot be kept in {self._root}: {disk_trouble(error)}") from error
        self._believed[file] = _stamp(file)
        _remove(old for old in before if old != file)

    def get(self, key: str) -> "pa.Table | None":
        """Return the table, mapped into memory; ``None`` when it is not there whole."""
        import pyarrow as pa

        for file in self._files(checked_key(key)):
            with suppress(OSError, pa.ArrowInvalid):
                if self._is_whole(file):
                    return pa.ipc.open_file(pa.memory_map(str(file))).read_all()
        return None

    def drop(self, keys: list[str]) -> None:
        """Forget tables."""
        _remove(file for key in keys for file in self._files(checked_key(key)))

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name what was made of tables that are not kept, or of none that is named, and what killed writes left."""
        found = []
        for file in sorted(self._root.rglob("*")) if self._root.is_dir() else ():
            name = file.relative_to(self._root).as_posix()
            if name.endswith(DRAFT):
                found.append(Leftover(name, file.stat().st_size, STAGED))
            elif name.endswith(SUFFIX):
                key = name.removesuffix(SUFFIX).rpartition(".")[0]
                if "@" not in key or not is_kept(key):
                    found.append(Leftover(key, file.stat().st_size, TABLE))
        return sorted(found, key=lambda each: each.key)

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what was named."""
        for each in found:
            try:
                _remove([self._root / each.key] if each.kind == STAGED else self._files(each.key), strictly=True)
            except OSError as error:
                raise SourceError(f"{self._root / each.key} cannot be removed: {error.strerror}") from error

    def _files(self, key: str) -> Iterator[Path]:
        place = self._root / key
        return place.parent.glob(f"{place.name}.{'[0-9a-f]' * 64}{SUFFIX}")

    def _is_whole(self, file: Path) -> bool:
        now = _stamp(file)
        if self._believed.get(file) != now:
            with file.open("rb") as content:
                found = hashlib.file_digest(content, "sha256").hexdigest()
            if found != file.name.removesuffix(SUFFIX).rpartition(".")[2]:
                return False
            self._believed[file] = now
        return True


class _Hashing:
    """A file that hashes what is written to it."""

    def __init__(self, file: "pa.OSFile") -> None:
        self._file, self.digest, self.closed = file, hashlib.sha256(), False

    def write(self, data: "pa.Buffer") -> int:
        self.digest.update(data)
        self._file.write(data)
        return len(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self.closed = True


def _written(draft: Path, table: "pa.Table") -> str:
    """Write a table to a file and return the SHA-256 of its bytes."""
    import pyarrow as pa

    with pa.OSFile(str(draft), "wb") as file:
        hashing = _Hashing(file)
        with pa.ipc.new_file(hashing, table.schema) as writer:
            writer.write_table(table.combine_chunks())  # in one piece, so that every column is one array
    return hashing.digest.hexdigest()


def _stamp(file: Path) -> Stamp:
    about = file.stat()
    return about.st_size, about.st_mtime_ns, about.st_ino


def _remove(files: Iterator[Path] | list[Path], *, strictly: bool = False) -> None:
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError:
            if strictly:
                raise

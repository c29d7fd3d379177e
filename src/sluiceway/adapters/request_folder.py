"""The request log in a folder: one file of JSON lines for each day (UTC), written by many processes."""

import fcntl
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import time
from typing import BinaryIO

from sluiceway.core.errors import SourceError
from sluiceway.ports.request_log import NEWLINE, checked_lines

DAY_S = 86_400
CHUNK_BYTES = 4 << 20
TAIL_BYTES = 1 << 16
TRIED_BYTES = 1 << 12
PATTERN = "requests-*.jsonl"
LOCK = "lock"
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700  # requests hold what callers gave, as they gave it


class RequestFolder:
    """Lines in ``requests-<day>.jsonl``, in the order of their writing.

    Writers take turns by a lock on the folder, which the kernel frees when its holder ends, however it ends. What a
    killed writer left of a line was answered to nobody: the next writer cuts it off, and readers stop before it. Lines
    are in the kernel's hands once written: they outlive their process, not a loss of power. What is made here only its
    owner reads. Who finds its file or its lock moved or deleted opens another one. A mark is a file's name with the
    offset behind a chunk.
    """

    def __init__(self, folder: Path, *, seconds: Callable[[], float] = time) -> None:
        self._folder = folder
        self._seconds = seconds
        self._turn = Lock()
        self._lock_file = -1
        self._file = -1
        self._day = -1
        self._size = -1
        self._named = (-1, "")
        self._process = -1

    def append(self, lines: bytes) -> None:
        """Add one or more whole lines, each ended by a newline.

        Raises:
            MisuseError: the last line has no end.
            SourceError: the folder cannot be written; then nothing was added.
        """
        self._in_turn(lambda: self._write(checked_lines(lines)))

    def check(self) -> None:
        """Write as much as a few lines have, with no end, and take it back: so a full disk is noticed as well.

        Raises:
            SourceError: the folder cannot be written.
        """
        self._in_turn(self._try_out)

    def _in_turn(self, work: Callable[[], None]) -> None:
        try:
            with self._turn:
                self._take_lock()
                try:
                    work()
                finally:
                    fcntl.flock(self._lock_file, fcntl.LOCK_UN)
        except OSError as error:
            raise SourceError(
                f"the request log in {self._folder} cannot be written: {error.strerror}; check the disk and the rights"
            ) from error

    def read(self, after: str = "") -> Iterator[tuple[str, bytes]]:
        """Yield chunks of whole lines, oldest first, each with a mark; ``after`` a mark goes on behind its chunk."""
        name, _, offset = after.partition(":")
        for path in self._files():
            if path.name >= name:
                yield from _chunks(path, int(offset) if path.name == name else 0)

    def _files(self) -> list[Path]:
        """List the days, oldest first; a folder that may not be listed is not an empty one."""
        try:
            return sorted(path for path in self._folder.iterdir() if path.match(PATTERN))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SourceError(
                f"the request log in {self._folder} cannot be listed: {error.strerror}; only the user that the server "
                "runs as may"
            ) from error

    def close(self) -> None:
        """Let go of the files; the next ``append`` opens them again."""
        with self._turn:
            for descriptor in (self._file, self._lock_file):
                if descriptor >= 0:
                    os.close(descriptor)
            self._file = self._lock_file = self._day = -1

    def _take_lock(self) -> None:
        """Wait for the lock that lies in the folder now; one that was moved or deleted keeps nobody out."""
        if self._process != os.getpid() or not _is_at(self._lock_file, self._folder / LOCK):
            self._open_lock()
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        while not _is_at(self._lock_file, self._folder / LOCK):
            self._open_lock()
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)

    def _open_lock(self) -> None:
        """Open the lock, anew after a fork: a lock that two processes inherited keeps neither out."""
        self._folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        if self._lock_file >= 0:
            os.close(self._lock_file)
            self._lock_file = -1
        self._lock_file = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        self._process = os.getpid()

    def _write(self, lines: bytes) -> None:
        size = self._ready()
        self._put(lines, size)
        self._size = size + len(lines)

    def _put(self, lines: bytes, size: int) -> None:
        """Write behind a size, all or nothing."""
        written = 0
        try:
            while written < len(lines):
                written += os.write(self._file, memoryview(lines)[written:])
        except OSError:
            os.ftruncate(self._file, size)
            raise

    def _try_out(self) -> None:
        size = self._ready()
        self._put(b" " * TRIED_BYTES, size)
        os.ftruncate(self._file, size)

    def _ready(self) -> int:
        """Open the day's file, anew where it was moved or deleted; return its size without a line that has no end."""
        day = max(int(self._seconds() // DAY_S), self._day)  # a clock set back does not reorder lines
        if day != self._day or not _is_at(self._file, self._path(day)):
            self._open_day(day)
        size = os.lseek(self._file, 0, os.SEEK_END)
        return size if size == self._size else self._mend(size)

    def _path(self, day: int) -> str:
        if day != self._named[0]:
            name = f"requests-{datetime.fromtimestamp(day * DAY_S, UTC):%Y-%m-%d}.jsonl"
            self._named = (day, str(self._folder / name))
        return self._named[1]

    def _open_day(self, day: int) -> None:
        file = os.open(self._path(day), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE_FILE)
        if self._file >= 0:
            os.close(self._file)
        self._file, self._day, self._size = file, day, -1

    def _mend(self, size: int) -> int:
        """Cut off a line that has no end, and return the size that is left."""
        end = size
        while end and os.pread(self._file, 1, end - 1) != NEWLINE:
            start = max(0, end - TAIL_BYTES)
            end = start + os.pread(self._file, end - start, start).rfind(NEWLINE) + 1
        if end != size:
            os.ftruncate(self._file, end)
        return end


def _is_at(file: int, path: Path | str) -> bool:
    """Tell whether an open file is still the one that has a path: it may have been moved, or deleted."""
    if file < 0:
        return False
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))  # noqa: PTH116 - a path's own method costs twice as much
    except FileNotFoundError:
        return False


def _chunks(path: Path, offset: int) -> Iterator[tuple[str, bytes]]:
    """Yield a file's whole lines; it is open only while a chunk is read."""
    while True:
        offset, chunk = _whole_lines(path, offset)
        if not chunk:
            return
        yield f"{path.name}:{offset}", chunk


def _whole_lines(path: Path, offset: int) -> tuple[int, bytes]:
    """Read on from an offset up to the last newline, further than a chunk where one line alone is longer.

    Also return where that is.
    """
    size = CHUNK_BYTES
    try:
        with path.open("rb") as file:
            offset = _line_start(file, offset)
            while True:
                file.seek(offset)
                data = file.read(size)
                end = data.rfind(NEWLINE) + 1
                if end or len(data) < size:
                    return offset + end, data[:end]
                size *= 2
    except OSError as error:
        raise SourceError(f"the request log {path} cannot be read: {error.strerror}; check its rights") from error


def _line_start(file: BinaryIO, offset: int) -> int:
    """Return where the line at an offset begins: there, unless what was read before it was taken back.

    A writer takes lines back when the disk is full in their middle. Other lines may then lie across an old mark.
    """
    while offset:
        start = max(0, offset - TAIL_BYTES)
        file.seek(start)
        held = file.read(offset - start)
        if len(held) < offset - start:  # the file ends before the mark: nothing is there yet
            return offset
        if newline := held.rfind(NEWLINE) + 1:
            return start + newline
        offset = start
    return 0

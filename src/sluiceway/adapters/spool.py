"""The spool: a topic without a broker, as segment files that messages are added to, each with its offset."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from zlib import crc32

from sluiceway.core.disk_trouble import disk_trouble
from sluiceway.core.errors import SourceError

FRAME = Struct(">II")  # a message's length and its CRC-32
SEGMENT_BYTES, READ_BYTES = 64 << 20, 4 << 20
WRONG = 0xFFFFFFFF
SUFFIX, WRITING = ".seg", "write.lock"


@dataclass(frozen=True, slots=True)
class Place:
    """A place between two messages: the offset of the next, the segment it is in, and how many bytes lie before it."""

    offset: int
    first: int
    at: int


class Spool:
    """One topic's only partition in a folder: segments named by their first offset, messages with length and CRC-32.

    Adding is for many processes, one at a time, and on disk before it returns. What a kill left half written at the end
    was never acknowledged: nobody reads it, and whoever adds next cuts it off. What was written whole may be there
    before it is on disk; a reader sees to that itself, so no offset is ahead of what outlasts a power cut.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._end = Place(0, 0, 0)
        self._lasting: Place | None = None  # what lies before it in its segment was seen to be on disk

    def append(self, values: Sequence[bytes]) -> int:
        """Add messages durably; return the offset of the first.

        Raises:
            SourceError: the disk refuses; nothing was added.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder / WRITING):
                return self._append(values)
        except OSError as error:
            raise SourceError(f"the spool {self.folder} cannot be written: {disk_trouble(error)}") from error

    def _append(self, values: Sequence[bytes]) -> int:
        self._end = end = self._newest(self._end)
        if end.at >= SEGMENT_BYTES:
            sync(self._segment(end.first))  # whoever wrote its end may have been killed before this
            end = Place(end.offset, end.offset, 0)
        if not values:
            return end.offset
        data = b"".join(FRAME.pack(len(value), crc32(value)) + value for value in values)
        descriptor = os.open(self._segment(end.first), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            _write_whole(descriptor, data, end.at)
        finally:
            os.close(descriptor)
        if end.at == 0:
            sync(self.folder)
        self._end = Place(end.offset + len(values), end.first, end.at + len(data))
        return end.offset

    def end(self) -> int:
        """Return the offset that the next message will have."""
        self._end = self._newest(self._end)
        return self._end.offset

    def find(self, offset: int) -> Place:
        """Find where a message lies; before the first one kept, that one."""
        firsts = self._firsts()
        first = max((each for each in firsts if each <= offset), default=firsts[0] if firsts else 0)
        place = Place(first, first, 0)
        while place.offset < offset:
            values, following = self._read(place, most=offset - place.offset)
            if not values:
                break
            place = following
        return place

    def read(self, place: Place, *, most: int) -> tuple[list[bytes], Place]:
        """Read at most so many messages, and at most 4 MiB of them or one; return also the place behind them.

        All of them are on disk.

        Raises:
            SourceError: the disk cannot be read, or does not keep what is read.
        """
        values, following = self._read(place, most=most)
        if values:
            self._make_last(following)
        return values, following

    def _make_last(self, place: Place) -> None:
        """Let what lies before a place be on disk, whoever wrote it."""
        known = self._lasting
        if known is not None and known.first == place.first and place.at <= known.at:
            return
        try:
            sync(self._segment(place.first))
            if known is None or known.first != place.first:
                sync(self.folder)
        except OSError as error:
            raise SourceError(f"the spool {self.folder} is not kept on disk: {disk_trouble(error)}") from error
        self._lasting = place

    def _read(self, place: Place, *, most: int) -> tuple[list[bytes], Place]:
        values = self._whole(place, most)
        if not values:
            following = [each for each in self._firsts() if each > place.first]
            if not following or following[0] != place.offset:
                return [], place
            place = Place(place.offset, place.offset, 0)
            values = self._whole(place, most)
        size = sum(FRAME.size + len(value) for value in values)
        return values, Place(place.offset + len(values), place.first, place.at + size)

    def _whole(self, place: Place, most: int) -> list[bytes]:
        try:
            with self._segment(place.first).open("rb") as file:
                file.seek(place.at)
                data = file.read(READ_BYTES)
                if len(data) >= FRAME.size and FRAME.size + FRAME.unpack_from(data)[0] > READ_BYTES:
                    data += file.read(FRAME.unpack_from(data)[0])
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SourceError(f"the spool {self.folder} cannot be read: {disk_trouble(error)}") from error
        return list(_frames(data, most))

    def _newest(self, place: Place) -> Place:
        if place == Place(0, 0, 0):  # whoever only adds need not read all that is there
            first = max(self._firsts(), default=0)
            place = Place(first, first, 0)
        while True:
            values, following = self._read(place, most=READ_BYTES)
            if not values:
                return place
            place = following

    def _firsts(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob(f"*{SUFFIX}"))

    def _segment(self, first: int) -> Path:
        return self.folder / f"{first:020d}{SUFFIX}"


def _write_whole(descriptor: int, data: bytes, at: int) -> None:
    """Write frames so that nobody reads any of them before all are written, and none where the disk refuses.

    The first checksum is wrong until the rest is there: readers stop before it.
    """
    head = FRAME.size
    size, checksum = FRAME.unpack_from(data)
    os.ftruncate(descriptor, at)
    try:
        _write(descriptor, FRAME.pack(size, checksum ^ WRONG) + data[head:], at)
        _write(descriptor, data[:head], at)
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, at)
        raise


def _write(descriptor: int, data: bytes, at: int) -> None:
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], at + written)


def _frames(data: bytes, most: int) -> Iterator[bytes]:
    """Cut whole messages off; the first that is not whole ends them."""
    at = 0
    while most > 0 and at + FRAME.size <= len(data):
        size, checksum = FRAME.unpack_from(data, at)
        value = data[at + FRAME.size : at + FRAME.size + size]
        if len(value) < size or crc32(value) != checksum:
            return
        yield value
        at += FRAME.size + size
        most -= 1


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock on a file, waiting for it; the kernel frees it when its holder ends."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Let a file's content, or a folder's entries, be on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

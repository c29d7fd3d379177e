"""Rows between two steps: few are held in memory, many lie in files that go when nobody holds on to them any more."""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import ENOENT
from functools import partial
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp
from threading import RLock
from weakref import finalize

import pyarrow as pa
import pyarrow.parquet as pq

from sluiceway.artifacts.rows import BATCH_ROWS, Rows, in_batches
from sluiceway.core.disk_trouble import disk_trouble
from sluiceway.core.errors import NoRoomError, SourceError
from sluiceway.plans.file_format import require_plausible, valid
from sluiceway.plans.parquet_metadata import parquet_metadata

PREFIX = "scratch-"  # what a run that was killed leaves under this name is swept
READ_BYTES = 1024 * 1024


class RowSpill:
    """Keeps rows. Safe to share between threads.

    A table is held while it has at most ``held_bytes`` and all that are held have at most ``all_held_bytes``. What is
    more goes to Arrow files in a folder of its own below ``place``, read with a file's own reads: mapped into memory,
    the file would count as held.
    """

    def __init__(self, place: Path | None, held_bytes: int, all_held_bytes: int) -> None:
        self._place = place or Path(gettempdir())
        self._limit, self._room = held_bytes, all_held_bytes
        self._folder: Path | None = None
        self._numbers = count()
        self._lock = RLock()  # a finalizer may run while its own thread is in here

    @property
    def folder(self) -> Path:
        """The folder, made when it is first asked for; it goes with the last rows in it, or with the process."""
        with self._lock:
            if self._folder is None:
                self._place.mkdir(parents=True, exist_ok=True)
                self._folder = Path(mkdtemp(prefix=PREFIX, dir=self._place))
                in_use = os.open(self._folder, os.O_RDONLY)
                fcntl.flock(in_use, fcntl.LOCK_SH)  # which tells sweeps that a process is at work here
                finalize(self, _forget, self._folder, in_use)
            return self._folder

    def keep(self, pieces: Iterable[pa.Table]) -> Rows:
        """Keep tables of one schema, at least one, below each other."""
        later = iter(pieces)
        first = next(later)
        schema = first.schema.remove_metadata()
        batches = in_batches(_followed(first, later))
        del first
        early: list[pa.RecordBatch] = []
        size = 0
        for batch in batches:
            early.append(batch)
            size += batch.nbytes
            if size > min(self._limit, self._room):
                return self._written(_followed_by(early, batches), schema)
        return self._held(pa.Table.from_batches(early, schema), size)

    def parquet(self, chunks: Iterable[bytes], name: str) -> Rows:
        """Write a Parquet file's bytes, and read rows off it as they are asked for; errors call it by its name.

        Raises:
            SourceError: the bytes are no Parquet file, at once, or as the rows are read.
        """
        path = self._new_file()
        try:
            with self._told_of_trouble(), path.open("wb") as file:
                file.writelines(chunks)
            with _refusals(name), path.open("rb") as file:
                metadata = parquet_metadata(file)
                require_plausible(metadata, size_bytes=path.stat().st_size, path=name)
                schema, rows = metadata.schema.to_arrow_schema().remove_metadata(), metadata.num_rows
        except BaseException:
            _remove(path)
            raise
        return self._of_file(path, schema, rows, partial(_parquet_batches, name, metadata))

    def _held(self, table: pa.Table, size: int) -> Rows:
        rows = Rows.of(table)
        with self._lock:
            self._room -= size
        finalize(rows, self._release, size).atexit = False
        return rows

    def _release(self, size: int) -> None:
        with self._lock:
            self._room += size

    def _written(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Rows:
        path, rows = self._new_file(), 0
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        try:
            with (
                self._told_of_trouble(),
                pa.OSFile(str(path), "wb") as file,
                pa.ipc.new_file(file, schema, options=options) as writer,
            ):
                for batch in batches:
                    writer.write_batch(batch)
                    rows += batch.num_rows
        except BaseException:
            _remove(path)  # on a full disk, what is kept of it would be in the way of all that follows
            raise
        return self._of_file(path, schema, rows, _arrow_batches)

    def _of_file(
        self, path: Path, schema: pa.Schema, count: int, read: Callable[..., Iterator[pa.RecordBatch]]
    ) -> Rows:
        rows = Rows(schema, count, partial(self._read, read, path, schema))
        finalize(rows, _remove, path).atexit = False
        return rows

    def _read(
        self,
        read: Callable[..., Iterator[pa.RecordBatch]],
        path: Path,
        schema: pa.Schema,
        columns: Sequence[str] | None,
    ) -> Iterator[pa.RecordBatch]:
        """Begin to read; rows hold on to this, and so to the folder."""
        return read(path, schema, columns)

    @contextmanager
    def _told_of_trouble(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno is None:  # what fails in another library while rows are read, and is told there
                raise
            raise _no_room(self._folder or self._place, error) from error

    def _new_file(self) -> Path:
        with self._told_of_trouble():
            return self.folder / f"rows-{next(self._numbers)}"


def _no_room(place: Path, error: OSError) -> NoRoomError:
    why = "it was removed while it was used; run again" if error.errno == ENOENT else disk_trouble(error)
    return NoRoomError(f"rows cannot be kept in {place}: {why}")


def _followed(first: pa.Table, later: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    del first
    yield from later


def _followed_by(early: list[pa.RecordBatch], later: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    while early:
        yield early.pop(0)
    yield from later


def _forget(folder: Path, in_use: int) -> None:
    rmtree(folder, ignore_errors=True)
    os.close(in_use)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _arrow_batches(path: Path, schema: pa.Schema, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    wanted = None if columns is None else [schema.get_field_index(name) for name in columns]
    options = pa.ipc.IpcReadOptions(included_fields=wanted)
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file, options=options)
        for place in range(reader.num_record_batches):
            batch = reader.get_batch(place)
            yield batch if columns is None else batch.select(list(columns))


def _parquet_batches(
    name: str, metadata: pq.FileMetaData, path: Path, schema: pa.Schema, columns: Sequence[str] | None
) -> Iterator[pa.RecordBatch]:
    chosen = schema if columns is None else pa.schema([schema.field(column) for column in columns])
    # Read through a buffer, so that a row group of any size is not held.
    with (
        _refusals(name),
        pq.ParquetFile(path, metadata=metadata, buffer_size=READ_BYTES, pre_buffer=False) as parquet,
    ):
        batches = parquet.iter_batches(batch_size=BATCH_ROWS, columns=chosen.names)
        count = 0
        for batch in in_batches(valid(pa.Table.from_batches([each]).select(chosen.names)) for each in batches):
            count += batch.num_rows
            yield batch
        claimed = parquet.metadata.num_rows
    if count != claimed:
        raise SourceError(f"{name} claims {claimed:,} rows and holds {count:,}; make the file again")


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, MemoryError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # it is the disk that cannot be read
            raise NoRoomError(f"{name} cannot be read back: {disk_trouble(error)}") from error
        reason = (str(error) or "it asks for too much memory").splitlines()[0]
        raise SourceError(f"{name} is no parquet file: {reason}; mend it, or say format= in files()") from error

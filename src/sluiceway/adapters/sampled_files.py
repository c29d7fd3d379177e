"""Sampled files: rows of files of any size, of which never more is read than some mebibytes."""

import gzip
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sluiceway.adapters.data_place import DataPlace
from sluiceway.core.errors import MisuseError, SourceError
from sluiceway.declare.files import PACKED, Files, files
from sluiceway.plans.data_sample import MIB, DataSample
from sluiceway.plans.file_format import concatenate, decode
from sluiceway.plans.partitions import with_partitions
from sluiceway.plans.unpacking import holds_data
from sluiceway.ports.progress import Progress

MOST_BYTES = 64 * MIB
MOST_FILES = 32
PIECES = 8
CSV = "csv"
LINED = (CSV, "ndjson")


@dataclass(frozen=True, slots=True)
class Piece:
    """What was read of one file: the rows, and which share of it they are."""

    table: pa.Table
    share: float


def sampled(place: DataPlace, pattern: str, *, progress: Progress, most_bytes: int = MOST_BYTES) -> DataSample:
    """Read rows from up to 32 of the files, evenly chosen: all of them, or pieces, ``most_bytes`` of content in all.

    Raises:
        SourceError: a file is not of its format, is empty, or the files do not fit together.
        MisuseError: a file of a format that can only be read whole is larger than that.
    """
    chosen = spread(place.files, MOST_FILES)
    declared = files(pattern)
    pieces: dict[str, Piece] = {}
    for number, path in enumerate(chosen, start=1):
        progress.say(f"reading {path.name} ({number} of {len(chosen)})")
        pieces[place.relative(path)] = read_piece(path, declared, most_bytes // len(chosen))
    tables = {path: piece.table for path, piece in pieces.items()}
    table, is_uneven = together(with_partitions(tables, declared))
    share = sum(piece.share for piece in pieces.values()) / len(place.files)
    return DataSample(
        shown=place.given,
        pattern=pattern,
        table=table,
        files=len(place.files),
        files_read=len(chosen),
        rows=round(table.num_rows / share),
        is_whole=share == 1,
        is_uneven=is_uneven,
    )


def spread(paths: Sequence[Path], most: int) -> list[Path]:
    """Choose so many of the files, from the first to the last at even distances."""
    if len(paths) <= most:
        return list(paths)
    return [paths[place * (len(paths) - 1) // (most - 1)] for place in range(most)]


def together(tables: dict[str, pa.Table]) -> tuple[pa.Table, bool]:
    """Put files below each other, and tell whether their columns differ.

    Raises:
        SourceError: types of a column do not go together.
    """
    try:
        return concatenate(tables), False
    except SourceError:
        return concatenate(tables, uneven=True), True


def read_piece(path: Path, declared: Files, most_bytes: int) -> Piece:
    """Read one file, or pieces of it.

    Raises:
        SourceError: it is not of its format.
        MisuseError: it is too large, and of a format that can only be read whole.
    """
    packing = path.suffix.lower().removeprefix(".")
    size = path.stat().st_size
    if packing in PACKED and declared.format in LINED:
        return _of_stream(path, declared, most_bytes, packing)
    if size <= most_bytes:
        return Piece(decode(path.read_bytes(), path=path.name, files=declared), 1)
    if declared.format in LINED:
        return _of_lines(path, declared, most_bytes, size)
    if declared.format == "parquet" and packing not in PACKED:
        return _of_parquet(path, most_bytes)
    raise MisuseError(
        f"{path}: it has {size / MIB:,.0f} MiB, and a file of this kind is read whole: {most_bytes / MIB:,.0f} MiB at "
        "most; convert it to Parquet or JSON Lines"
    )


def _opened(raw: IO[bytes], packing: str) -> AbstractContextManager[IO[bytes] | Any]:
    """Unpack a file while it is read."""
    if packing == "gz":
        return gzip.GzipFile(fileobj=raw)
    if packing == "zst":
        return pa.CompressedInputStream(raw, "zstd")  # type: ignore[no-any-return]  # untyped library
    archive = zipfile.ZipFile(raw)
    members = [member for member in archive.infolist() if holds_data(member)]
    if len(members) != 1:
        raise SourceError(f"{raw.name} must hold exactly one file, it holds {len(members)}; unpack it")
    return archive.open(members[0])


def _of_stream(path: Path, declared: Files, most_bytes: int, packing: str) -> Piece:
    """Read the beginning of a packed file."""
    plain = bytearray()
    try:
        with path.open("rb") as raw, _opened(raw, packing) as stream:
            while len(plain) <= most_bytes and (chunk := stream.read(min(MIB, most_bytes + 1 - len(plain)))):
                plain += chunk
            share = raw.tell() / path.stat().st_size
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, pa.ArrowInvalid) as error:
        raise SourceError(f"{path} cannot be unpacked: {error}; copy or make the file again") from error
    name, has_quotes = path.name[: -len(packing) - 1], declared.format == CSV
    if len(plain) <= most_bytes:
        return Piece(decode(bytes(plain), path=name, files=declared), 1)
    return Piece(decode(whole_lines(bytes(plain), has_quotes=has_quotes), path=name, files=declared), min(0.999, share))


def _of_lines(path: Path, declared: Files, most_bytes: int, size: int) -> Piece:
    """Read the beginning of a file of lines, and as much from places further on, as far as quotes allow."""
    each, has_quotes = most_bytes // PIECES, declared.format == CSV
    with path.open("rb") as file:
        first = whole_lines(file.read(each), has_quotes=has_quotes)
        others = [_piece_at(file, place * size // PIECES, each, has_quotes) for place in range(1, PIECES)]
    for data in (b"".join([first, *others]), first):
        try:
            return Piece(decode(data, path=path.name, files=declared), len(data) / size)
        except SourceError:
            if data is first:
                raise
    raise AssertionError(path)


def _piece_at(file: IO[bytes], start: int, size: int, has_quotes: bool) -> bytes:
    """Read whole lines from the first that begins behind a place."""
    file.seek(start)
    data = file.read(size)
    return whole_lines(data[data.find(b"\n") + 1 :], has_quotes=has_quotes)


def whole_lines(data: bytes, *, has_quotes: bool = True) -> bytes:
    r"""Cut off what stands behind the last line's end; of CSV, the last that lies outside of quotes.

    >>> whole_lines(b'a,b\n1,"x\ny"\n2,"z\n')
    b'a,b\n1,"x\ny"\n'
    """
    signs = np.frombuffer(data, np.uint8)
    ends = signs == ord("\n")
    if has_quotes:
        ends &= np.bitwise_xor.accumulate(signs == ord('"')) == 0
    places = np.flatnonzero(ends)
    return data[: places[-1] + 1] if places.size else data


def _of_parquet(path: Path, most_bytes: int) -> Piece:
    """Read the first rows of some row groups, from the first to the last at even distances."""
    try:
        with pq.ParquetFile(path) as file:
            groups, rows = file.metadata.num_row_groups, max(1, file.metadata.num_rows)
            plain = sum(file.metadata.row_group(place).total_byte_size for place in range(groups))
            wanted = sorted({place * (groups - 1) // max(1, PIECES - 1) for place in range(PIECES)})
            each = max(1, int(most_bytes * rows / max(1, plain)) // len(wanted))
            batches = [next(file.iter_batches(batch_size=each, row_groups=[place])) for place in wanted]
    except (pa.ArrowInvalid, OSError, StopIteration) as error:
        raise SourceError(f"{path} is no parquet file: {error}; copy or make the file again") from error
    table = pa.Table.from_batches(batches)
    return Piece(table, table.num_rows / rows)

"""Unpacking: the plain bytes of a packed file, and never more of them than it may hold."""

import gzip
import io
import zipfile
import zlib
from typing import IO

import pyarrow as pa

from sluiceway.core.errors import SourceError

CHUNK_BYTES = 4 * 1024 * 1024
ALWAYS_ALLOWED_BYTES = 64 * 1024 * 1024
MOST_TIMES_LARGER = 200
MOST_BYTES = 4 * 1024**3


def unpacked_limit(packed_bytes: int) -> int:
    """Return how many bytes a packed file may hold: 200 times its own size, at least 64 MiB, at most 4 GiB.

    Text that repeats itself packs to a twentieth; only a file made to exhaust memory packs to a two-hundredth.
    """
    return min(MOST_BYTES, max(ALWAYS_ALLOWED_BYTES, MOST_TIMES_LARGER * packed_bytes))


def unpack(data: bytes, *, path: str, limit_bytes: int | None = None) -> tuple[bytes | bytearray, str]:
    """Return a file's plain bytes and the name they go by: its own, or that of the one file in a ``.zip``.

    Args:
        data: The file as stored.
        path: Its path; ``.gz``, ``.zip`` and ``.zst`` at the end are unpacked, anything else is returned as it is.
        limit_bytes: The most that may come out; by default what ``unpacked_limit`` says.

    Raises:
        SourceError: the archive is damaged, encrypted, holds not exactly one file, or unpacks to more than the limit.
    """
    limit = unpacked_limit(len(data)) if limit_bytes is None else limit_bytes
    lowered = path.lower()
    try:
        if lowered.endswith(".gz"):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                return _bounded(stream, path=path, limit=limit), path[:-3]
        if lowered.endswith(".zst"):
            with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
                return _bounded(stream, path=path, limit=limit), path[:-4]
        if lowered.endswith(".zip"):
            return _only_member(data, path=path, limit=limit)
    except SourceError:
        raise
    except (EOFError, OSError, RuntimeError, pa.ArrowInvalid, zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{path} cannot be unpacked: {error}; copy or make the file again") from error
    return data, path


def _only_member(data: bytes, *, path: str, limit: int) -> tuple[bytearray, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if holds_data(member)]
        if len(members) != 1:
            names = ", ".join(member.filename for member in members[:5]) or "none"
            raise SourceError(f"{path} must hold exactly one file, it holds {len(members)}: {names}; unpack it")
        with archive.open(members[0]) as stream:
            return _bounded(stream, path=path, limit=limit), members[0].filename


def holds_data(member: zipfile.ZipInfo) -> bool:
    """Tell a data file from what operating systems add of their own."""
    parts = member.filename.split("/")
    return not member.is_dir() and parts[0] != "__MACOSX" and not parts[-1].startswith(".") and parts[-1] != "Thumbs.db"


def _bounded(stream: IO[bytes] | gzip.GzipFile | pa.NativeFile, *, path: str, limit: int) -> bytearray:
    plain = bytearray()
    while chunk := stream.read(CHUNK_BYTES):
        plain += chunk
        if len(plain) > limit:
            raise SourceError(
                f"{path} unpacks to more than {limit:,} bytes, the most that a file of its size may; "
                "if it is no mistake, store it unpacked"
            )
    return plain

"""The request log: one JSON line for each row that was asked about."""

from collections.abc import Iterator
from typing import Protocol

from sluiceway.core.errors import MisuseError

NEWLINE = b"\n"
PIECE_BYTES = 4 << 20


class RequestLog(Protocol):
    """Lines in the order of their writing. Safe to share between threads and processes.

    A line is whole or absent, and is there for every reader once ``append`` returns, also when its writer is killed.
    """

    def append(self, lines: bytes) -> None:
        """Add one or more whole lines, each ended by a newline; refuse others as ``checked_lines`` does."""

    def check(self) -> None:
        """Add nothing; raise ``SourceError`` where a line could not be added now."""

    def read(self, after: str = "") -> Iterator[tuple[str, bytes]]:
        """Yield chunks of whole lines, oldest first, each with a mark; ``after`` a mark goes on behind its chunk."""


def checked_lines(lines: bytes) -> bytes:
    """Return lines that are whole.

    Raises:
        MisuseError: the last one has no end.
    """
    if not lines.endswith(NEWLINE):
        raise MisuseError(f"a line of the request log ends with a newline; this one ends with {lines[-20:]!r}")
    return lines


def pieces(log: RequestLog, after: str = "") -> Iterator[tuple[str, bytes]]:
    """Read a log in pieces that are worth decoding and fit into memory, whatever the size of its chunks."""
    waiting, size, mark = [], 0, after
    for mark, chunk in log.read(after):  # the last mark is needed behind the loop
        waiting.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES:
            yield mark, b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield mark, b"".join(waiting)

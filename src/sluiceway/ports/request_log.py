"""The request log: one JSON line for each row that was asked about."""

from collections.abc import Iterator
from typing import Protocol


class RequestLog(Protocol):
    """Lines in the order of their writing. Safe to share between threads and processes.

    A line is whole or absent, and is there for every reader once ``append`` returns, also when its writer is killed.
    """

    def append(self, lines: bytes) -> None:
        """Add one or more whole lines, each ended by a newline."""

    def read(self, after: str = "") -> Iterator[tuple[str, bytes]]:
        """Yield chunks of whole lines, oldest first, each with a mark; ``after`` a mark goes on behind its chunk."""

"""The request log in memory: for tests."""

from collections.abc import Iterator
from threading import Lock

from sluiceway.ports.request_log import checked_lines


class MemoryRequests:
    """Lines in a list. Shared by the threads of one process, and gone with it. A mark counts the chunks before it."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._lock = Lock()

    def append(self, lines: bytes) -> None:
        """Add one or more whole lines, each ended by a newline.

        Raises:
            MisuseError: the last line has no end.
        """
        with self._lock:
            self._chunks.append(checked_lines(lines))

    def check(self) -> None:
        """Add nothing: memory takes what it is given."""

    def read(self, after: str = "") -> Iterator[tuple[str, bytes]]:
        """Yield chunks of whole lines, oldest first, each with a mark; ``after`` a mark goes on behind its chunk."""
        place = int(after or 0)
        while place < len(self._chunks):
            chunk = self._chunks[place]
            place += 1
            yield str(place), chunk

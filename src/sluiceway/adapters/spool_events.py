"""Events from a spool: read by one process of a group at a time, the one that holds the group's lock."""

import fcntl
import os
import time
from collections.abc import Mapping
from pathlib import Path

from sluiceway.adapters.spool import Place, Spool
from sluiceway.ports.event_source import EventBatch, Lag, Ownership, Position

OWNED = "owned.lock"  # behind the group's name
POLL_S = 0.02


class SpoolEvents:
    """The only partition of a spool. Another of the group takes over when this one is closed, or its process ends."""

    def __init__(self, folder: Path, *, group: str = "") -> None:
        self._folder, self._owned = folder, f"{group}.{OWNED}" if group else OWNED
        self._spool = Spool(folder)
        self._lock: int | None = None
        self.is_dealt = True
        self._place: Place | None = None

    def partition_count(self) -> int:
        """Return 1."""
        return 1

    def poll(self, ownership: Ownership, *, most: int, wait_s: float) -> list[EventBatch]:
        """Return at most so many messages; wait for the first as long as told.

        Raises:
            SourceError: the disk cannot be read.
        """
        deadline = time.monotonic() + wait_s
        while True:
            if self._lock is None and self._take_lock():
                begin = ownership.assigned([0]).get(0)
                self._place = None if begin is None else self._spool.find(begin.offset)
            values = self._read(most)
            if values or time.monotonic() >= deadline:
                break
            time.sleep(min(POLL_S, wait_s))
        if not values or self._place is None:
            return []
        end = self._place.offset
        return [EventBatch(0, range(end - len(values), end), values)]

    def seek(self, partition: int, position: Position | None) -> None:
        """Go on reading from a position."""
        if partition == 0 and self._lock is not None:
            self._place = None if position is None else self._spool.find(position.offset)

    def lags(self, positions: Mapping[int, Position]) -> dict[int, Lag]:
        """Return how many messages lie behind a position."""
        return {0: Lag(self._spool.end() - positions.get(0, Position()).offset)}

    def joined(self, positions: Mapping[int, Position]) -> Position:
        """Return where to go on in the only partition there is."""
        return positions.get(0, Position())

    def close(self, ownership: Ownership) -> None:
        """Let another read."""
        if self._lock is not None:
            ownership.revoked([0])
            os.close(self._lock)
        self._lock = self._place = None

    def _read(self, most: int) -> list[bytes]:
        if self._place is None:
            return []
        values, self._place = self._spool.read(self._place, most=most)
        return values

    def _take_lock(self) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / self._owned, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

"""The project lock: one run at a time, and a name for whoever is in the way."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sluiceway.core.errors import LockedError, SourceError
from sluiceway.core.moments import Clock, SystemClock, iso

POLL_S = 0.05


class ProjectLock:
    """A lock on one file, held by at most one process, and freed by the kernel when its holder ends, however it ends.

    The file stays; while the lock is held it says in JSON who holds it: pid, host, since (UTC), command.
    """

    def __init__(self, file: Path, clock: Clock | None = None) -> None:
        self._file = file
        self._clock = clock or SystemClock()

    @contextmanager
    def hold(self, command: str, wait_s: float = 0.0) -> Iterator[None]:
        """Hold the lock inside a ``with``, waiting for it for so many seconds at most.

        Raises:
            LockedError: another process, or this one elsewhere, still holds it.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise SourceError(f"{self._file} cannot be written: {error.strerror}; a run needs to write there") from None
        try:
            self._acquire(descriptor, wait_s)
            self._sign(descriptor, command)
            try:
                yield
            finally:
                os.ftruncate(descriptor, 0)
                fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing would leave it to children that share the descriptor
        finally:
            os.close(descriptor)

    def holder(self) -> dict[str, object]:
        """Return what the present holder wrote; empty when there is none, or it is just writing."""
        try:
            found = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _acquire(self, descriptor: int, wait_s: float) -> None:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise LockedError(self._explanation(wait_s)) from None
                time.sleep(POLL_S)
            else:
                return

    def _sign(self, descriptor: int, command: str) -> None:
        holder = {"pid": os.getpid(), "host": os.uname().nodename, "since": iso(self._clock.now()), "command": command}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)

    def _explanation(self, wait_s: float) -> str:
        holder = self.holder()
        who = "another process"
        if holder:
            who = f"{holder.get('command')!r} (process {holder.get('pid')} on {holder.get('host')})"
            who += f" since {holder.get('since')}"
        waited = f" after waiting {wait_s:g} s" if wait_s else ""
        return f"the project is locked by {who}{waited}; wait for it with --wait 10m, or stop that process"

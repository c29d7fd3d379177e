"""Alerts as lines: JSON in a file beside the project's state, and a sentence each on standard error."""

import fcntl
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sluiceway.core.digest import canonical_json, plain_fields
from sluiceway.core.moments import Clock, SystemClock, iso

if TYPE_CHECKING:  # which every command would wait for
    from sluiceway.artifacts.health_report import Alert

PLACE = "log"
PRIVATE = 0o600


class LogAlerter:
    """Adds one JSON line an alert to a file that its owner alone reads.

    Lines are whole: they are written together, behind the file's end.
    """

    def __init__(self, path: Path, *, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()

    @property
    def places(self) -> tuple[str, ...]:
        """The one file."""
        return (PLACE,)

    def send(self, title: str, alerts: "Sequence[Alert]", *, places: Collection[str]) -> Mapping[str, str]:
        """Write the alerts down, and say them."""
        if PLACE not in places or not alerts:
            return {}
        told = {"title": title, "sent_at": iso(self._clock.now())}
        lines = b"".join(canonical_json({**told, **plain_fields(alert)}) + b"\n" for alert in alerts)
        said = "".join(f"  {alert.message}\n" for alert in alerts)
        sys.stderr.write(f"alert: {title}\n{said}")
        try:
            append(self._path, lines)
        except OSError as error:
            return {PLACE: f"{self._path.name} cannot be written: {error.strerror or type(error).__name__}"}
        return {}


def append(path: Path, lines: bytes) -> None:
    """Add whole lines to a file in one write that is on the disk when this returns; a line that was torn is ended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, PRIVATE)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # the size of a file that is written to just now may end in a line
        size = os.fstat(file).st_size
        is_torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        os.write(file, b"\n" * is_torn + lines)
        os.fsync(file)
    finally:
        os.close(file)

"""Seldom: what would be said again and again is said once a second, with how often it was not said."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

EVERY_S = 1.0


class Seldom:
    """Hands lines on, at most one a second; the next one says how many were left out. Safe to share between threads."""

    def __init__(self, say: Callable[[str], None], *, seconds: Callable[[], float] = monotonic) -> None:
        self._say = say
        self._seconds = seconds
        self._turn = Lock()
        self._last_s: float | None = None
        self._kept = 0

    def say(self, text: str) -> None:
        """Say something, or count it."""
        with self._turn:
            now_s = self._seconds()
            if self._last_s is not None and now_s - self._last_s < EVERY_S:
                self._kept += 1
                return
            kept, self._last_s, self._kept = self._kept, now_s, 0
        self._say(text + (f" (and {kept:,} more like it since the last line)" if kept else ""))

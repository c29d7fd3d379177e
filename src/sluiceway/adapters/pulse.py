"""Pulse: a worker tells whoever started it that its event loop goes round; who is silent for long hangs."""

import asyncio
import os
from contextlib import suppress

EVERY_S = 1.0
LONGEST_GAP_S = 1.0
READ_BYTES = 1 << 16


async def beat(descriptor: int, *, every_s: float = EVERY_S) -> None:
    """Tell it for ever; where nobody reads any more, or not just now, nothing is lost."""
    os.set_blocking(descriptor, False)
    while True:
        with suppress(OSError):
            os.write(descriptor, b".")
        await asyncio.sleep(every_s)


class Pulse:
    """The listener's end of a pipe. ``descriptor`` is the other one, for the process that is listened to.

    Silence is counted only while somebody listens: when a machine stands still and goes on, nobody has been silent.
    """

    def __init__(self) -> None:
        self._reads, self.descriptor = os.pipe()
        os.set_blocking(self._reads, False)
        self._looked: float | None = None
        self._silent_s = 0.0
        self.heard = False

    def handed_over(self) -> None:
        """Close this process's copy of the other end."""
        os.close(self.descriptor)

    def silent_s(self, now: float) -> float:
        """Return for how many seconds nothing was heard, by a clock that never goes back."""
        gap_s = 0.0 if self._looked is None else min(now - self._looked, LONGEST_GAP_S)
        self._looked = now
        try:
            told = os.read(self._reads, READ_BYTES)
        except BlockingIOError:
            told = b""
        self.heard = self.heard or bool(told)
        self._silent_s = 0.0 if told else self._silent_s + gap_s
        return self._silent_s

    def close(self) -> None:
        """Listen no more."""
        os.close(self._reads)

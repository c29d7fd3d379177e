"""Bodies: read whole, within bounds of size and time."""

import asyncio
from dataclasses import dataclass
from typing import cast

from sluiceway.server.exchange import Incoming
from sluiceway.server.limits import Limits
from sluiceway.server.refusal import Refusal, too_large


@dataclass(slots=True, eq=False)
class _Waiting:
    """One body that is being read, until when it may be, and whether it took longer."""

    task: "asyncio.Task[object]"
    until_s: float
    late: bool = False


class BodyReader:
    """Reads the bodies of one event loop's requests.

    All share one timer, set to whichever must be there first, as a timer for each costs a tenth of the whole request.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: dict[_Waiting, None] = {}  # in the order in which they began, and so of their ends
        self._loop: asyncio.AbstractEventLoop | None = None
        self._held_bytes = 0
        self._most_held_bytes = max(limits.waiting_bytes, limits.body_bytes)

    async def read(self, request: Incoming) -> bytes:
        """Read a request's body whole.

        Raises:
            Refusal: 413 when it is too large, 408 when it is too slow, 499 when the caller goes away, 503 when others
                are large and many.
        """
        most_bytes = self._limits.body_bytes
        told = request.header("content-length")
        size = int(told) if told.isdigit() else most_bytes
        if size > most_bytes:
            raise too_large(most_bytes)
        if self._held_bytes + size > self._most_held_bytes:
            limit = f"{self._most_held_bytes:,} bytes"
            raise Refusal(503, f"requests of more than {limit} are being read just now; try again shortly")
        waiting = self._begin()
        self._held_bytes += size
        try:
            return await request.body(most_bytes)
        except asyncio.CancelledError:
            if not waiting.late:
                raise
            waiting.task.uncancel()
            limit = f"{self._limits.body_s:g} seconds"
            raise Refusal(408, f"the body did not arrive within {limit}; send it at once") from None
        finally:
            self._held_bytes -= size
            self._waiting.pop(waiting, None)

    def _begin(self) -> _Waiting:
        loop = asyncio.get_running_loop()
        task = cast("asyncio.Task[object]", asyncio.current_task())  # a server calls from a task
        waiting = _Waiting(task, loop.time() + self._limits.body_s)
        self._waiting[waiting] = None
        if self._loop is not loop:
            self._loop = loop
            loop.call_at(waiting.until_s, self._end_late_ones, loop)
        return waiting

    def _end_late_ones(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is too slow, and come back when the next one must be there."""
        now = loop.time()
        for waiting in list(self._waiting):
            if waiting.until_s > now:
                loop.call_at(waiting.until_s, self._end_late_ones, loop)
                return
            waiting.late = True
            waiting.task.cancel()
            del self._waiting[waiting]
        self._loop = None

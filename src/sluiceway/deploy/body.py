"""Bodies: read whole, within bounds of size and time."""

import asyncio
from dataclasses import dataclass
from typing import cast

from sluiceway.deploy.asgi import GONE, Headers, Receive
from sluiceway.deploy.limits import Limits
from sluiceway.deploy.refusal import Refusal


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

    async def read(self, receive: Receive, headers: Headers) -> bytes:
        """Read a request's body whole.

        Raises:
            Refusal: 413 when it is too large, 408 when it is too slow, 499 when the caller goes away.
        """
        told = headers.get(b"content-length", b"")
        if told.isdigit() and int(told) > self._limits.body_bytes:
            raise self._too_large()
        waiting = self._begin()
        try:
            return await self._joined(receive)
        except asyncio.CancelledError:
            if not waiting.late:
                raise
            waiting.task.uncancel()
            limit = f"{self._limits.body_s:g} seconds"
            raise Refusal(408, f"the body did not arrive within {limit}; send it at once") from None
        finally:
            self._waiting.pop(waiting, None)

    async def _joined(self, receive: Receive) -> bytes:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(GONE, "the caller went away before its request was whole")
            part: bytes = message.get("body", b"")
            parts.append(part)
            size += len(part)
            if size > self._limits.body_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return part if len(parts) == 1 else b"".join(parts)

    def _too_large(self) -> Refusal:
        limit = f"{self._limits.body_bytes:,} bytes"
        return Refusal(413, f"the body is larger than {limit}, the most a request may have; split it")

    def _begin(self) -> _Waiting:
        loop = asyncio.get_running_loop()
        task = cast("asyncio.Task[object]", asyncio.current_task())  # an ASGI server calls from a task
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

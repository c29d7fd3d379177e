"""Event turns: what comes while one write is under way is written by the next, all of a topic at once."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from sluiceway.core.errors import SluicewayError, SourceError
from sluiceway.ports.event_sink import Added, Event, EventSink
from sluiceway.server.refusal import Refusal

UNAVAILABLE = 503
TURN_BYTES = 8 << 20


@dataclass(slots=True, eq=False)
class _Waiting:
    """The events of one request, and who waits for them."""

    topic: str
    events: list[Event]
    size_bytes: int
    done: "asyncio.Future[list[Added]]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class EventTurns:
    """Adds the events of one event loop's requests, in another thread, one write at a time.

    A write that waits for the disk or the broker costs as much for a thousand events as for one, and holds up nobody
    who predicts.
    """

    def __init__(self, sink: EventSink, *, most_bytes: int) -> None:
        """Begin with nothing waiting; at most so many bytes do at once."""
        self._sink = sink
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def add(self, topic: str, events: list[Event]) -> list[Added]:
        """Add events durably; return where they are.

        Raises:
            Refusal: 503 where they could not be added, or too many wait already.
        """
        size = sum(len(event.value) for event in events)
        if self._held_bytes and self._held_bytes + size > self._most_bytes:
            raise Refusal(UNAVAILABLE, "too many events wait to be written just now; try again shortly")
        mine = _Waiting(topic, events, size)
        self._held_bytes += size
        self._waiting.append(mine)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await asyncio.shield(mine.done)

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                turn = self._turn()
                try:
                    await self._write(turn)
                finally:
                    self._held_bytes -= sum(each.size_bytes for each in turn)
        finally:
            self._writing = None
            while self._waiting:  # this was broken off, and nobody else would tell them
                left = self._waiting.popleft()
                self._held_bytes -= left.size_bytes
                _refuse([left], "the server is stopping")

    def _turn(self) -> list[_Waiting]:
        """Take what is for one topic, from the first that waits on."""
        turn, size = [self._waiting.popleft()], 0
        while self._waiting and self._waiting[0].topic == turn[0].topic and size < TURN_BYTES:
            turn.append(self._waiting.popleft())
            size += turn[-1].size_bytes
        return turn

    async def _write(self, turn: list[_Waiting]) -> None:
        events = [event for each in turn for event in each.events]
        try:
            added = await asyncio.to_thread(self._sink.append, turn[0].topic, events)
        except SourceError as error:
            if len(turn) == 1:
                _refuse(turn, f"the events cannot be kept: {error}")
            else:  # nothing was added: whose fault it is shows when each goes by itself
                for each in turn:
                    await self._write([each])
            return
        except SluicewayError as error:
            _refuse(turn, f"the events cannot be kept: {error}")
            return
        except BaseException as error:  # whatever it is, those who wait are told
            for each in turn:
                each.done.set_exception(error)
                each.done.exception()
            if isinstance(error, Exception):
                return
            raise
        at = 0
        for each in turn:
            each.done.set_result(added[at : at + len(each.events)])
            at += len(each.events)


def _refuse(turn: list[_Waiting], why: str) -> None:
    for each in turn:
        each.done.set_exception(Refusal(UNAVAILABLE, why))
        each.done.exception()  # whoever waited for it may be gone

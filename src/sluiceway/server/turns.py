"""Turns: requests that are whole within one turn of the event loop are answered together.

A busy server finds many at each turn, and what they share (a run of the model, a read of the store, a write of the log)
is paid for once. A request that comes alone is answered at the next turn, some microseconds later.
"""

from collections.abc import Generator

from sluiceway.server.call import Call, Reply
from sluiceway.server.service import Service


class _NextTurn:
    """Awaited, it lets everything else that is ready run first."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class _Waiting:
    """A request that waits for its turn, then its reply."""

    __slots__ = ("body", "call", "reply")

    def __init__(self, body: bytes, call: Call) -> None:
        self.body = body
        self.call = call
        self.reply: Reply | None = None


NEXT_TURN = _NextTurn()


class Turns:
    """Gathers the requests of one event loop. Whoever comes to its turn first answers for all that wait."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._waiting: list[_Waiting] = []

    async def reply(self, body: bytes, call: Call) -> Reply:
        """Answer a request, with those that came at the same time."""
        mine = _Waiting(body, call)
        self._waiting.append(mine)
        try:
            await NEXT_TURN
        except BaseException:  # cancelled: nobody waits for it any more
            if mine.reply is None:
                self._waiting.remove(mine)
            raise
        if mine.reply is None:
            self._answer()
        if mine.reply is None:
            raise RuntimeError("a request was left without its reply")
        return mine.reply

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        replies = self._service.replies([(each.body, each.call) for each in waiting])
        for each, reply in zip(waiting, replies, strict=True):
            each.reply = reply

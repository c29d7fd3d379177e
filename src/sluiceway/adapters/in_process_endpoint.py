"""The endpoint in this process: an ASGI app, asked without a network; for tests."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from sluiceway.core.errors import TransientError
from sluiceway.ports.endpoint import Answer, Question

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

POLL_S = 0.01
NO_ANSWER = Answer(0, b"")


class InProcess:
    """Asks an app on an event loop of its own, a whole group at once.

    ``look`` is called while it waits for a rollout state: without its lifespan an app does not look at its board.
    """

    def __init__(self, app: App, *, look: Callable[[], None] = lambda: None) -> None:
        self._app = app
        self._look = look

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Ask all of them concurrently, and return the answers in order once every one is there."""
        return asyncio.run(self._all(questions))

    def settle(self, sequence: int, *, wait_s: float = 20.0) -> None:
        """Return once the app answers by this rollout state, or a later one.

        Raises:
            TransientError: it does not in time.
        """
        deadline = time.monotonic() + wait_s
        while (said := self._health()).get("sequence", -1) < sequence:
            if time.monotonic() > deadline:
                raise TransientError(
                    f"the app did not take rollout state {sequence} within {wait_s:g} s; it says {said or 'nothing'}"
                )
            time.sleep(POLL_S)

    def close(self) -> None:
        """Nothing is open between two calls."""

    def _health(self) -> dict[str, Any]:
        self._look()
        answer = asyncio.run(self._call("GET", "/health", [], b""))
        said = json.loads(answer.body or b"{}")
        return said if isinstance(said, dict) else {}

    async def _all(self, questions: Sequence[Question]) -> list[Answer]:
        return await asyncio.gather(*map(self._ask, questions))

    async def _ask(self, question: Question) -> Answer:
        at, body = question
        headers = [(b"x-sluiceway-at", b"%d" % at), (b"content-length", b"%d" % len(body))]
        return await self._call("POST", "/predict", headers, body)

    async def _call(self, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
        if not sent:
            return NO_ANSWER
        return Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))

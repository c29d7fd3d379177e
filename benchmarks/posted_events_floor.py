"""The floor of ``posted_events.py``: bodies are appended to a file unread, and on disk before they are answered.

As in ours, what comes while one write is under way is written by the next, in another thread.
"""

import asyncio
import os
from typing import Any

HEADERS = [("content-type", "application/json")]
ANSWER = (
    b'{"source":"orders","topic":"orders","events":1,"offsets":{"0":[1,1]},"unknown_columns":[],'
    b'"request_id":"0123456789abcdef0123456789abcdef"}'
)


class Appending:
    def __init__(self) -> None:
        self._file = os.open(os.environ["POSTED_EVENTS_FLOOR"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def __rsgi__(self, _scope: Any, protocol: Any) -> None:
        body, done = await protocol(), asyncio.get_running_loop().create_future()
        self._waiting.append((body, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        await done
        protocol.response_bytes(200, HEADERS, ANSWER)

    async def _write_all(self) -> None:
        while self._waiting:
            turn, self._waiting = self._waiting, []
            await asyncio.to_thread(self._write, b"\n".join(body for body, _ in turn))
            for _, done in turn:
                done.set_result(None)
        self._writing = None

    def _write(self, data: bytes) -> None:
        os.write(self._file, data)
        os.fsync(self._file)


appending = Appending()

"""The endpoint over HTTP/1.1: a few kept connections, every request of a group sent before the first answer is read."""

import json
import re
import select
import socket
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from sluiceway.core.errors import TransientError
from sluiceway.ports.endpoint import Answer, Question

CHUNK_BYTES = 1 << 16
POLL_S = 0.01
NO_ANSWER = Answer(0, b"")
STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)\b")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)
CLOSING = re.compile(rb"\r\nconnection:[ \t]*close[ \t]*\r\n", re.IGNORECASE)


class HttpEndpoint:
    """Asks one server over blocking sockets, without an event loop: a group of three costs a tenth of aiohttp's CPU.

    Up to ``connections`` questions are under way at once; a larger group goes in that many at a time. A request
    is never sent twice: where no answer comes within ``answer_s`` seconds, or none that is HTTP with a content
    length, the status is 0. ``key`` is the API key of a protected server.
    """

    def __init__(
        self, host: str, port: int, *, connections: int = 32, answer_s: float = 30.0, key: str | None = None
    ) -> None:
        self._place = (host, port)
        self._answer_s = answer_s
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._shared = f"host: {place}\r\n" + (f"authorization: Bearer {key}\r\n" if key else "")
        self._predict = f"POST /predict HTTP/1.1\r\n{self._shared}content-type: application/json\r\n".encode()
        self._free = [_Connection(self._place, answer_s) for _ in range(connections)]

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Ask all of them concurrently, and return the answers in order once every one is there."""
        size = len(self._free)
        answers: list[Answer] = []
        for start in range(0, len(questions), size):
            under_way = list(zip(self._free, questions[start : start + size], strict=False))
            for connection, question in under_way:
                connection.send(self._request(question))
            answers += [connection.receive() for connection, _ in under_way]
        return answers

    def settle(self, sequence: int, *, wait_s: float = 20.0) -> None:
        """Return once the server answers by this rollout state, or a later one.

        Raises:
            TransientError: it does not in time.
        """
        deadline = time.monotonic() + wait_s
        while (last := self.health())[1].get("sequence", -1) < sequence:
            if time.monotonic() > deadline:
                raise TransientError(
                    f"the server at {self._place[0]}:{self._place[1]} did not take rollout state {sequence} within "
                    f"{wait_s:g} s; it says {last[1] or 'nothing'} (status {last[0]}); look at its log and try again"
                )
            time.sleep(POLL_S)

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return the status of ``/health``, 0 where no answer comes, and what it says."""
        connection = self._free[0]
        connection.send(f"GET /health HTTP/1.1\r\n{self._shared}\r\n".encode())
        status, body = connection.receive()
        try:
            said = json.loads(body)
        except ValueError:
            said = None
        return status, said if isinstance(said, dict) else {}

    def close(self) -> None:
        """Close every connection; a later question opens new ones."""
        for connection in self._free:
            connection.close()

    def _request(self, question: Question) -> bytes:
        at, body = question
        return b"%sx-sluiceway-at: %d\r\ncontent-length: %d\r\n\r\n%s" % (self._predict, at, len(body), body)


class _Head(NamedTuple):
    status: int
    length: int
    closing: bool


def _head(text: bytes) -> _Head | None:
    """Read a status line and headers, up to and with the empty line; ``None`` where they are not what we speak."""
    status, length = STATUS.match(text), LENGTH.search(text)
    if status is None or length is None:
        return None
    return _Head(int(status[1]), int(length[1]), CLOSING.search(text) is not None)


class _Connection:
    """One kept connection, opened when first used, and again after it broke."""

    def __init__(self, place: tuple[str, int], answer_s: float) -> None:
        self._place = place
        self._answer_s = answer_s
        self._socket: socket.socket | None = None
        self._watch = select.poll()

    def send(self, request: bytes) -> None:
        """Send a request; that it failed shows where its answer is read."""
        try:
            opened = self._open() if self._socket is None or self._was_closed() else self._socket
            opened.sendall(request)
        except OSError:  # an answer may still be there: a server that refuses a body need not read it
            return

    def receive(self) -> Answer:
        """Read the answer to what was sent last."""
        if self._socket is None:
            return NO_ANSWER
        try:
            answer, closing = self._read(self._socket)
        except OSError:
            answer, closing = NO_ANSWER, True
        if closing:
            self.close()
        return answer

    def close(self) -> None:
        """Close, so that the next request goes over a new connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        self.close()
        self._socket = socket.create_connection(self._place, timeout=self._answer_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch = select.poll()
        self._watch.register(self._socket, select.POLLIN)
        return self._socket

    def _was_closed(self) -> bool:
        """Whether the other side closed it, or said something that nobody asked for."""
        return bool(self._watch.poll(0))

    def _read(self, opened: socket.socket) -> tuple[Answer, bool]:
        held = b""
        while (end := held.find(b"\r\n\r\n")) < 0:
            if len(held) > CHUNK_BYTES or not (part := opened.recv(CHUNK_BYTES)):
                return NO_ANSWER, True
            held += part
        head = _head(held[: end + 4])
        if head is None:
            return NO_ANSWER, True
        body = bytearray(held[end + 4 :])
        while len(body) < head.length:
            if not (part := opened.recv(CHUNK_BYTES)):
                return NO_ANSWER, True
            body += part
        answer = Answer(head.status, bytes(body[: head.length]))
        return answer, head.closing or len(body) > head.length

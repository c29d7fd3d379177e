"""RSGI: requests and responses as granian gives and takes them of its own, a quarter cheaper than by ASGI."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import Protocol

from sluiceway.server.exchange import GONE, Outgoing
from sluiceway.server.refusal import gone, too_large

CLOSED = "RSGIProtocolClosed"


class RsgiHeaders(Protocol):
    """A request's headers."""

    def get(self, key: str) -> str | None:
        """Return one, ``None`` where there is none or it is not ASCII."""


class RsgiScope(Protocol):
    """What is known of a request before its body."""

    method: str
    path: str

    @property
    def headers(self) -> RsgiHeaders:
        """Its headers."""


class RsgiProtocol(Protocol):
    """The line to the caller."""

    def __call__(self) -> Awaitable[bytes]:
        """Read the whole body."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Read the body in pieces."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer."""


class RsgiIncoming:
    """A request of RSGI's scope ``http``."""

    __slots__ = ("_headers", "_protocol", "method", "path")

    def __init__(self, scope: RsgiScope, protocol: RsgiProtocol) -> None:
        self.method = scope.method
        self.path = scope.path
        self._headers = scope.headers
        self._protocol = protocol

    def header(self, name: str) -> str:
        """Return a header; one that is not ASCII counts as none."""
        return self._headers.get(name) or ""

    async def body(self, most_bytes: int) -> bytes:
        """Read the body whole, as ``Incoming`` says: at once where its length is told, else piece by piece."""
        try:
            if self.header("content-length").isdigit():  # and so within bounds: whoever calls has looked
                return await self._protocol()
            return await self._joined(most_bytes)
        except Exception as error:
            if type(error).__name__ == CLOSED:  # by its name, as only granian's workers load granian
                raise gone() from None
            raise

    async def _joined(self, most_bytes: int) -> bytes:
        parts, size = [], 0
        async for part in self._protocol:
            parts.append(part)
            size += len(part)
            if size > most_bytes:
                raise too_large(most_bytes)
        return b"".join(parts)


def respond(response: Outgoing, protocol: RsgiProtocol) -> None:
    """Send a response; a caller that has gone hears nothing."""
    if response.status != GONE:
        with suppress(RuntimeError):
            protocol.response_bytes(response.status, response.headers, response.body)

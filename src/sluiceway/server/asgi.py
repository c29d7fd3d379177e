"""ASGI: requests and responses as any ASGI server gives and takes them."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from sluiceway.server.exchange import GONE, Outgoing
from sluiceway.server.refusal import gone, too_large

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AsgiIncoming:
    """A request of ASGI's scope ``http``."""

    __slots__ = ("_headers", "_receive", "method", "path")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._receive = receive

    def header(self, name: str) -> str:
        """Return a header; one that is not ASCII counts as none."""
        found = self._headers.get(name.encode(), b"")
        return found.decode() if found.isascii() else ""

    async def body(self, most_bytes: int) -> bytes:
        """Read the body whole, as ``Incoming`` says."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise gone()
            part: bytes = message.get("body", b"")
            parts.append(part)
            size += len(part)
            if size > most_bytes:
                raise too_large(most_bytes)
            if not message.get("more_body", False):
                return part if len(parts) == 1 else b"".join(parts)


async def send_outgoing(response: Outgoing, send: Send) -> None:
    """Send a response, unless its caller has gone."""
    if response.status == GONE:
        return
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})

"""ASGI: the little of it that the app speaks."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers: TypeAlias = dict[bytes, bytes]

GONE = 499  # nginx's number for a client that went before its answer
JSON = b"application/json"


async def respond(
    send: Send,
    status: int,
    body: bytes,
    *,
    request_id: bytes,
    kind: bytes = JSON,
    more: Iterable[tuple[bytes, bytes]] = (),
    empty: bool = False,
) -> None:
    """Send a response whole; ``empty`` leaves the body out, as HEAD wants it."""
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if empty else body})

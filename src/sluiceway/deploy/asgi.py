"""ASGI: the little of it that the app speaks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

from sluiceway.deploy.limits import Limits
from sluiceway.deploy.refusal import Refusal

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers: TypeAlias = dict[bytes, bytes]

GONE = 499  # nginx's number for a client that went before its answer
JSON = b"application/json"


async def read_body(receive: Receive, headers: Headers, limits: Limits) -> bytes:
    """Read a request's body whole.

    Raises:
        Refusal: 413 when it is too large, 408 when it is too slow, 499 when the caller goes away.
    """
    told = headers.get(b"content-length", b"")
    if told.isdigit() and int(told) > limits.body_bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.body_s):
            return await _joined(receive, limits)
    except TimeoutError:
        raise Refusal(408, f"the body did not arrive within {limits.body_s:g} seconds; send it at once") from None


async def _joined(receive: Receive, limits: Limits) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(GONE, "the caller went away before its request was whole")
        part: bytes = message.get("body", b"")
        body = body + part if body else part
        if len(body) > limits.body_bytes:
            raise _too_large(limits)
        if not message.get("more_body", False):
            return body


def _too_large(limits: Limits) -> Refusal:
    return Refusal(413, f"the body is larger than {limits.body_bytes:,} bytes, the most a request may have; split it")


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

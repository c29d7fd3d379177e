"""The null server: reads a request and answers a constant. No model, no parsing: what HTTP alone costs."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
ANSWER = (
    b'{"prediction":1,"probability":0.9234567890123456,"model_version":"v1","latency_ms":0.123,'
    b'"request_id":"0123456789abcdef0123456789abcdef"}'
)
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer a constant, as long as one of ours."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})

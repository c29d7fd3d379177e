"""Null servers, on the HTTP server that ours stands on, by the interface that ours speaks.

``reading`` decodes a request of 30 numbers and encodes an answer like ours; ``unread`` looks at neither.
"""

from typing import Any

import msgspec

ANSWER = (
    b'{"prediction":1,"probability":0.9234567890123456,"model_version":"v1","latency_ms":0.123,'
    b'"request_id":"0123456789abcdef0123456789abcdef"}'
)
HEADERS = [("content-type", "application/json")]
Row = msgspec.defstruct("Row", [(f"f{number}", float) for number in range(30)])  # as serving_model names them
decode = msgspec.json.Decoder(Row).decode
encode = msgspec.json.Encoder().encode


class Answer(msgspec.Struct):
    prediction: int
    probability: float
    model_version: str
    latency_ms: float
    request_id: str


class Reading:
    async def __rsgi__(self, _scope: Any, protocol: Any) -> None:
        row = decode(await protocol())
        answer = Answer(1, row.f0, "v1", 0.123, "0123456789abcdef0123456789abcdef")
        protocol.response_bytes(200, HEADERS, encode(answer))


class Unread:
    async def __rsgi__(self, _scope: Any, protocol: Any) -> None:
        await protocol()
        protocol.response_bytes(200, HEADERS, ANSWER)


reading, unread = Reading(), Unread()

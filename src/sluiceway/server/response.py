"""Responses: what a caller reads."""

from collections.abc import Sequence

import msgspec

from sluiceway.server.answering import Answered


class RowAnswer(msgspec.Struct, frozen=True, gc=False):
    """One row's prediction."""

    prediction: int
    probability: float
    model_version: str


class OneAnswer(msgspec.Struct, frozen=True, gc=False):
    """The answer to one object."""

    prediction: int
    probability: float
    model_version: str
    latency_ms: float
    request_id: str


class ManyAnswers(msgspec.Struct, frozen=True, gc=False):
    """The answer to an array, in its order."""

    predictions: list[RowAnswer]
    latency_ms: float
    request_id: str


_encode = msgspec.json.Encoder().encode


def response(answered: Sequence[Answered], *, many: bool, latency_us: int, request_id: str) -> bytes:
    """Write the answers of a request; every row has one."""
    latency_ms = latency_us / 1000
    if not many:
        (one,) = answered
        return _encode(OneAnswer(one.prediction or 0, one.probability or 0.0, one.version, latency_ms, request_id))
    rows = [RowAnswer(each.prediction or 0, each.probability or 0.0, each.version) for each in answered]
    return _encode(ManyAnswers(rows, latency_ms, request_id))


def refusal(message: str, request_id: str) -> bytes:
    """Write why a request is not answered."""
    return _encode({"error": message, "request_id": request_id})

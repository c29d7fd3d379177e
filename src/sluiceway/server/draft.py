"""Drafts: a reply that nobody has been given yet, with its lines of the request log and what is counted of it."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.server.answering import Answered
from sluiceway.server.call import Call, Reply
from sluiceway.server.metrics import SEVERAL
from sluiceway.server.refusal import Refusal
from sluiceway.server.request import Asked
from sluiceway.server.response import refusal, response

V = TypeVar("V")
LEFT_OUT = "its words are left out, as some of the fields are sensitive"
_lines = msgspec.json.Encoder().encode_lines


class Draft(NamedTuple):
    """A reply, its lines, and what is counted: how long it took, who answered, every row, and who was tried out."""

    reply: Reply
    lines: bytes
    latency_us: int
    version: str = ""
    arm: str = ""
    answered: Sequence[Answered] = ()
    challenger: str = ""


def draft_refusal(refused: Refusal, call: Call, scope: str, *, logged: str = "") -> Draft:
    """Draft a refusal; the log may say more than its caller reads."""
    latency_us = call.latency_us()
    record = RequestRecord(
        request_id=call.request_id,
        row=0,
        rows=0,
        arrival=call.arrival_us,
        at=call.at_us,
        scope=scope,
        status=refused.status,
        latency_us=latency_us,
        error=logged or refused.message,
    )
    reply = Reply(refused.status, refusal(refused.message, call.request_id))
    return Draft(reply, _lines([record]), latency_us)


def draft_answer(
    state: RolloutState,
    asked: Asked,
    answered: Sequence[Answered],
    call: Call,
    *,
    scope: str,
    work_us: int,
    unlogged: frozenset[str] = frozenset(),
) -> Draft:
    """Draft the answer to a request; where a row has none, the whole request fails.

    ``work_us`` is how long the answer itself took, the request's share of it where several were answered together.
    Inputs and features that are ``unlogged`` are left out of the lines, and so are the words of errors beside them.
    """
    failed = next((each for each in answered if each.probability is None), None)
    latency_us, rows = call.latency_us(), len(answered)
    if failed is None:
        status, body = 200, response(answered, many=asked.many, latency_us=latency_us, request_id=call.request_id)
    else:
        status, body = 500, refusal(f"{failed.version} could not answer; the request log says why", call.request_id)
    records = [
        RequestRecord(
            call.request_id,
            row=place,
            rows=rows,
            arrival=call.arrival_us,
            at=call.at_us,
            scope=scope,
            status=status,
            latency_us=latency_us,
            work_us=work_us,
            arm=each.arm,
            version=each.version,
            share=state.share,
            sequence=state.sequence,
            probability=each.probability,
            prediction=each.prediction,
            fallback=each.fallback,
            error=_told(each, unlogged),
            key=row.key,
            inputs=without(row.inputs, unlogged),
            features=without(each.known.vector, unlogged),
            views=each.known.views,
            rival=each.rival,
        )
        for place, (row, each) in enumerate(zip(asked.rows, answered, strict=True))
    ]
    challenger = "" if state.challenger is None else state.challenger.version
    return Draft(Reply(status, body), _lines(records), latency_us, *_who(answered), answered, challenger)


def without(values: dict[str, V], unlogged: frozenset[str]) -> dict[str, V]:
    """Leave values out by their names."""
    return {name: value for name, value in values.items() if name not in unlogged} if unlogged else values


def discreet(error: str, unlogged: frozenset[str], *, kept: str) -> str:
    """Leave out an error's words, which may hold a value, where values are sensitive; ``kept`` is said instead."""
    return f"{kept}: {LEFT_OUT}" if error and unlogged else error


def _told(answered: Answered, unlogged: frozenset[str]) -> str:
    if answered.error == answered.known.lacking:  # of the store alone, which holds no value of the request
        return answered.error
    return discreet(answered.error, unlogged, kept="the challenger failed" if answered.fallback else "the model failed")


def _who(answered: Sequence[Answered]) -> tuple[str, str]:
    first = answered[0]
    if len(answered) == 1:
        return first.version, first.arm
    version = first.version if all(each.version == first.version for each in answered) else SEVERAL
    arm = first.arm if all(each.arm == first.arm for each in answered) else SEVERAL
    return version, arm

"""The service: a body becomes an answer, a line of the request log for each row, and counts."""

import struct
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter_ns
from typing import NamedTuple

import msgspec

from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.core.errors import RequestError, SluicewayError
from sluiceway.deploy.answering import Answered, answer
from sluiceway.deploy.loading import Loader, Serving
from sluiceway.deploy.metrics import SEVERAL, Metrics
from sluiceway.deploy.refusal import Refusal
from sluiceway.deploy.request import Asked
from sluiceway.deploy.response import refusal, response
from sluiceway.ports.progress import Progress
from sluiceway.ports.request_log import RequestLog

NEWLINE = b"\n"
_encode = msgspec.json.Encoder().encode


class Call(NamedTuple):
    """One call: its id, when it was whole (wall time), and the moment it is answered for; microseconds since 1970.

    ``began_ns`` is when it was whole by the clock that measures durations, in nanoseconds.
    """

    request_id: str
    arrival_us: int
    at_us: int
    began_ns: int

    def latency_us(self) -> int:
        """Measure how long it has taken so far."""
        return (perf_counter_ns() - self.began_ns) // 1000


class Reply(NamedTuple):
    """An HTTP status and a JSON body."""

    status: int
    body: bytes


class Service:
    """Answers by the rollout state that it was last given. Safe to share between threads.

    A request's lines are in the log before its answer is returned, so that nobody holds an answer that nobody knows.
    """

    def __init__(
        self,
        loader: Loader,
        *,
        log: RequestLog,
        metrics: Metrics,
        scope: str,
        progress: Progress,
    ) -> None:
        self.scope = scope
        self.metrics = metrics
        self.serving: Serving | None = None
        self.load_error = ""
        self._loader = loader
        self._log = log
        self._progress = progress

    def swap(self, state: RolloutState) -> None:
        """Answer by a state from now on; where it cannot be loaded, everything stays as it was, and it is said why."""
        try:
            serving = self._loader.load(state, self.serving)
        except SluicewayError as error:
            self.fail(f"rollout state {state.sequence} cannot be taken up: {error}")
            return
        self.serving = serving
        self.load_error = ""
        self.metrics.show(state)
        self._progress.say(f"answering by rollout state {state.sequence}: {state.reason}")
        if serving.lacking:
            self.fail(f"{state.champion.version} answers alone: {serving.lacking}")

    def answers_by(self, state: RolloutState) -> bool:
        """Tell whether it answers by a state, with all the models that it names."""
        serving = self.serving
        return serving is not None and serving.state == state and not serving.lacking

    def fail(self, why: str) -> None:
        """Remember, count and tell why no newer state is taken up."""
        if why != self.load_error:
            self._progress.say(why)
        self.load_error = why
        self.metrics.count_load_failure()

    def reply(self, body: bytes, call: Call) -> Reply:
        """Answer one whole request."""
        serving = self.serving
        if serving is None:
            return self.refuse(Refusal(503, "no model is loaded yet; try again shortly"), call)
        try:
            asked = serving.request.read(body)
            answered = _answered(serving, asked, call.at_us)
        except Refusal as refused:
            return self.refuse(refused, call)
        return self._reply(serving, asked, answered, call)

    def refuse(self, refused: Refusal, call: Call) -> Reply:
        """Log, count and word a refusal."""
        self._append([self._refused(refused.status, refused.message, call)])
        self.metrics.count_request(refused.status, call.latency_us() / 1e6)
        return Reply(refused.status, refusal(refused.message, call.request_id))

    def stumble(self, error: Exception, call: Call) -> Reply:
        """Answer after something that should not happen; its caller reads only that it did."""
        self._progress.say(f"request {call.request_id}: {type(error).__name__}: {error}")
        if isinstance(error, SluicewayError):  # the log itself cannot be written
            status, message = 503, "the request could not be recorded; try again shortly"
        else:
            status, message = 500, "the server failed to answer; its log says why"
        with suppress(SluicewayError):
            self._append([self._refused(status, f"{type(error).__name__}: {error}", call)])
        self.metrics.count_request(status, call.latency_us() / 1e6)
        return Reply(status, refusal(message, call.request_id))

    def _refused(self, status: int, why: str, call: Call) -> RequestRecord:
        return RequestRecord(
            request_id=call.request_id,
            row=0,
            rows=0,
            arrival=call.arrival_us,
            at=call.at_us,
            scope=self.scope,
            status=status,
            latency_us=call.latency_us(),
            error=why,
        )

    def _reply(self, serving: Serving, asked: Asked, answered: Sequence[Answered], call: Call) -> Reply:
        failed = [each for each in answered if each.probability is None]
        status = 500 if failed else 200
        latency_us = call.latency_us()
        self._append(_records(serving, asked, answered, call, self.scope, status, latency_us))
        self._count(serving, answered, status, latency_us)
        if failed:
            return Reply(status, refusal(f"{failed[0].version} could not answer: {failed[0].error}", call.request_id))
        return Reply(status, response(answered, many=asked.many, latency_us=latency_us, request_id=call.request_id))

    def _append(self, records: Sequence[RequestRecord]) -> None:
        self._log.append(b"".join([_encode(record) + NEWLINE for record in records]))

    def _count(self, serving: Serving, answered: Sequence[Answered], status: int, latency_us: int) -> None:
        metrics, first = self.metrics, answered[0]
        version, arm = first.version, first.arm
        for each in answered:
            if each.probability is not None:
                metrics.count_rows(each.version, each.arm)
            if each.version != version or each.arm != arm:
                version = version if each.version == version else SEVERAL
                arm = arm if each.arm == arm else SEVERAL
            if each.fallback and serving.state.challenger is not None:
                metrics.count_fallback(serving.state.challenger.version)
        metrics.count_request(status, latency_us / 1e6, version, arm)


def _answered(serving: Serving, asked: Asked, at_us: int) -> list[Answered]:
    try:
        return answer(serving, asked.rows, at_us)
    except RequestError as error:
        raise Refusal(422, str(error)) from None
    except (SluicewayError, msgspec.MsgspecError, struct.error) as error:  # the last two: a value is damaged
        raise Refusal(503, f"features cannot be read: {error}; try again shortly") from None


def _records(
    serving: Serving,
    asked: Asked,
    answered: Sequence[Answered],
    call: Call,
    scope: str,
    status: int,
    latency_us: int,
) -> list[RequestRecord]:
    state, rows = serving.state, len(answered)
    return [
        RequestRecord(
            request_id=call.request_id,
            row=place,
            rows=rows,
            arrival=call.arrival_us,
            at=call.at_us,
            scope=scope,
            status=status,
            latency_us=latency_us,
            arm=each.arm,
            version=each.version,
            share=state.share,
            sequence=state.sequence,
            probability=each.probability,
            prediction=each.prediction,
            fallback=each.fallback,
            error=each.error,
            key=row.key,
            inputs=row.inputs,
            features=each.known.vector,
            views=each.known.views,
        )
        for place, (row, each) in enumerate(zip(asked.rows, answered, strict=True))
    ]

"""The service: a body becomes an answer, a line of the request log for each row, and counts."""

import struct
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter_ns

import msgspec

from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.core.errors import RequestError, SluicewayError
from sluiceway.ports.progress import Progress
from sluiceway.ports.request_log import RequestLog
from sluiceway.server.answering import Answered, answer, answer_by_champion, beside
from sluiceway.server.call import Call, Reply
from sluiceway.server.counting import count_drafts
from sluiceway.server.draft import Draft, discreet, draft_answer, draft_refusal
from sluiceway.server.guarded_reader import StoreGuard
from sluiceway.server.loading import Loader, Serving
from sluiceway.server.metrics import Metrics
from sluiceway.server.refusal import Refusal
from sluiceway.server.request import Asked
from sluiceway.server.seldom import Seldom
from sluiceway.server.unserved import unserved


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
        guard: StoreGuard | None = None,
    ) -> None:
        self.scope = scope
        self.metrics = metrics
        self.serving: Serving | None = None
        self.load_error = ""
        self.log_error = ""
        self.is_ready_alone = False
        self._loader = loader
        self._log = log
        self._progress = progress
        self._stumbles = Seldom(progress.say)
        self._guard = guard

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

    def is_ready(self) -> bool:
        """Tell whether requests can be answered: a model is loaded, and the log can be written, or can be again.

        With ``is_ready_alone``, also while no model is.
        """
        if self.serving is None:
            return self.is_ready_alone
        if self.log_error:
            try:
                self._log.check()
            except SluicewayError as error:
                self.log_error = str(error)
                return False
            self._log_is_back()
        return True

    @property
    def online_error(self) -> str:
        """Why features could not be read last time; nothing while they can."""
        return "" if self._guard is None else self._guard.error

    def _append(self, lines: bytes) -> None:
        try:
            self._log.append(lines)
        except SluicewayError as error:
            self.log_error = str(error)
            raise
        if self.log_error:
            self._log_is_back()

    def _log_is_back(self) -> None:
        self.log_error = ""
        self._progress.say("the request log can be written again")

    def fail(self, why: str) -> None:
        """Remember, count and tell why no newer state is taken up."""
        if why != self.load_error:
            self._progress.say(why)
        self.load_error = why
        self.metrics.count_load_failure()

    def replies(self, asked: Sequence[tuple[bytes, Call]]) -> list[Reply]:
        """Answer requests that came at the same time, together where all are the champion's.

        While two models are compared each request is answered by itself, so that both are measured alike. So it is
        where something fails that the requests share: then each finds out for itself.
        """
        serving = self.serving
        if len(asked) > 1 and serving is not None and serving.state.challenger is None:
            try:
                drafts = self._drafts(serving, asked)
                self._append(b"".join([draft.lines for draft in drafts]))
            except Exception:  # noqa: BLE001, S110 - whatever it is, it is met again below, where it is told
                pass
            else:
                count_drafts(drafts, self.metrics)
                return [draft.reply for draft in drafts]
        return [self.reply(body, call) for body, call in asked]

    def reply(self, body: bytes, call: Call) -> Reply:
        """Answer one whole request; whatever happens, there is an answer."""
        try:
            return self._record(self._draft(body, call))
        except Refusal as refused:
            return self.refuse(refused, call)
        except Exception as error:  # noqa: BLE001 - whatever it is, its caller reads no traceback
            return self._stumble(error, call)

    def refuse(self, refused: Refusal, call: Call) -> Reply:
        """Log, count and word a refusal."""
        try:
            return self._record(self._refused(refused, call))
        except Exception as error:  # noqa: BLE001 - likewise
            return self._stumble(error, call)

    def _draft(self, body: bytes, call: Call) -> Draft:
        serving = self.serving
        if serving is None:
            raise unserved(load_error=self.load_error, takes_events=self.is_ready_alone)
        began_ns = perf_counter_ns()
        asked = serving.request.read(body)
        answered = _answered(serving, asked, call.at_us)
        work_us = (perf_counter_ns() - began_ns) // 1000
        return self._drafted(serving, asked, answered, call, work_us)

    def _drafts(self, serving: Serving, requests: Sequence[tuple[bytes, Call]]) -> list[Draft]:
        began_ns = perf_counter_ns()
        read = [_read(serving, body) for body, _ in requests]
        rows, moments = [], []
        for asked, (_, call) in zip(read, requests, strict=True):
            if isinstance(asked, Asked):
                rows += asked.rows
                moments += [call.at_us] * len(asked.rows)
        answered = answer_by_champion(serving, rows, moments) if rows else []
        work_us = (perf_counter_ns() - began_ns) // (1000 * len(requests))
        drafts, begin = [], 0
        for asked, (_, call) in zip(read, requests, strict=True):
            if isinstance(asked, Refusal):
                drafts.append(self._refused(asked, call))
            else:
                end = begin + len(asked.rows)
                its = answered[begin:end]
                drafts.append(self._drafted(serving, asked, its, call, work_us))
                begin = end
        return drafts

    @property
    def _unlogged(self) -> frozenset[str]:
        return frozenset() if self.serving is None else self.serving.unlogged

    def _drafted(self, serving: Serving, asked: Asked, answered: list[Answered], call: Call, work_us: int) -> Draft:
        return draft_answer(
            serving.state,
            asked,
            beside(serving, answered),
            call,
            scope=self.scope,
            work_us=work_us,
            unlogged=serving.unlogged,
        )

    def _refused(self, refused: Refusal, call: Call) -> Draft:
        """Draft a refusal; its caller reads what was wrong with which value, the log perhaps not."""
        kept = discreet(refused.message, self._unlogged, kept="the request was refused")
        return draft_refusal(refused, call, self.scope, logged="" if kept == refused.message else kept)

    def _record(self, draft: Draft) -> Reply:
        self._append(draft.lines)
        count_drafts([draft], self.metrics)
        return draft.reply

    def _stumble(self, error: Exception, call: Call) -> Reply:
        """Answer after something that should not happen; its caller reads only that it did."""
        kind = type(error).__name__
        why = discreet(f"{kind}: {error}", self._unlogged, kept=kind)
        self._stumbles.say(f"request {call.request_id}: {why}")
        if isinstance(error, SluicewayError):  # the log itself cannot be written
            refused = Refusal(503, "the request could not be recorded; try again shortly")
        else:
            refused = Refusal(500, "the server failed to answer; its log says why")
        draft = draft_refusal(refused, call, self.scope, logged=why)
        with suppress(SluicewayError):
            self._append(draft.lines)
        count_drafts([draft], self.metrics)
        return draft.reply


def _read(serving: Serving, body: bytes) -> Asked | Refusal:
    try:
        return serving.request.read(body)
    except Refusal as refused:
        return refused


def _answered(serving: Serving, asked: Asked, at_us: int) -> list[Answered]:
    try:
        return answer(serving, asked.rows, at_us)
    except RequestError as error:
        raise Refusal(422, str(error)) from None
    except (SluicewayError, msgspec.MsgspecError, struct.error) as error:  # the last two: a value is damaged
        raise Refusal(503, f"features cannot be read: {error}; try again shortly") from None

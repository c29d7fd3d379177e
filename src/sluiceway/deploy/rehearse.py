"""The control loop: judge a canary at each checkpoint of a replay, and step up, promote or abort by what is judged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.rollout_state import REHEARSAL, RolloutState
from sluiceway.core.verdict import NO_OVERRIDES, Verdict
from sluiceway.deploy.canary import ABORTED, PROMOTED, Canary, CanaryWatch
from sluiceway.deploy.gate import while_running
from sluiceway.deploy.rollout import ABORT, FIRST, PROMOTE, START, changed, due, first, percent, plan_of, start
from sluiceway.ledger.rolling import Transition
from sluiceway.ports.endpoint import Endpoint
from sluiceway.ports.request_log import RequestLog
from sluiceway.server.board import Board


@dataclass(frozen=True, slots=True)
class Control:
    """Where a change of the rollout goes: what it rests upon is kept, then it goes on record, then onto the board."""

    record: Callable[[Transition], None]
    board: Board
    endpoint: Endpoint
    keep: Callable[[CanaryReport], object]

    def make(self, change: Transition, report: CanaryReport | None = None) -> RolloutState:
        """Let a change happen; when this returns, the server answers by it."""
        if report is not None:
            self.keep(report)
        self.record(change)
        self.board.show(change.state)
        self.endpoint.settle(change.state.sequence)
        return change.state


def rehearse(
    canary: Canary,
    checkpoints: Iterable[datetime],
    *,
    began: datetime,
    log: RequestLog,
    control: Control,
    beside: str = "",
) -> CanaryReport:
    """Run a canary on a virtual clock, and tell how it went; whoever calls adds skew and the table of requests.

    An aborted canary ends the replay; after a promotion it goes on to its end, answered by the new champion.

    Args:
        canary: Who against whom.
        checkpoints: Moments (UTC, virtual) up to which all requests have been asked and answered, in order; asking for
            the next one asks them.
        began: The moment before the first request.
        log: What the server under rehearsal writes.
        control: Where changes go.
        beside: Why the champion is not the live one, if it is not.
    """
    rollout = canary.promise.spec.rollout
    state = control.make(Transition(FIRST, first(REHEARSAL, canary.champion.served, at=began, why=beside)))
    state = control.make(Transition(START, start(state, canary.challenger.served, plan_of(rollout), at=began)))
    watch = CanaryWatch(canary, state, log, beside=beside)
    report = watch.look(began)
    for moment in checkpoints:
        if state.challenger is None:
            report = replace(report, until=moment)
            continue
        report = watch.look(moment)
        verdict = Verdict.of(while_running(report, canary.promise), NO_OVERRIDES, moment)
        state, report = _steer(state, report, verdict, watch=watch, control=control)
        if report.ended_by == ABORTED:
            return report
    return report if state.challenger is None else replace(report, reason=missing(report, canary))


def missing(report: CanaryReport, canary: Canary) -> str:
    """Say what holds a canary up that is neither promoted nor aborted."""
    lacking = Verdict(tuple(while_running(report, canary.promise))).closed
    waits = [f"{each.name}: {each.detail}" for each in lacking] or ["its last step has not lasted long enough"]
    step, least = report.steps[-1], canary.promise.spec.rollout.min_requests
    if step.canary_requests < least:
        had = f"the step at {percent(step.share)} had {step.canary_requests:,} of the {least:,} requests that it lasts"
        waits = [f"{had} (rollout.min_requests)", *waits]
    return f"the traffic ended before anything was decided: {'; '.join(waits)}"


def _steer(
    state: RolloutState, report: CanaryReport, verdict: Verdict, *, watch: CanaryWatch, control: Control
) -> tuple[RolloutState, CanaryReport]:
    """Make the change that is due, if one is."""
    change = due(state, verdict.outcome, now=report.ended, requests=report.steps[-1].canary_requests)
    if change is None:
        return state, report
    state = changed(state, change, verdict, at=report.ended)
    if state.challenger is not None:
        watch.follow(state)
    ended = {ABORT: ABORTED, PROMOTE: PROMOTED}.get(change, report.ended_by)
    report = replace(report, ended_by=ended, reason="" if state.challenger else state.reason)
    return control.make(Transition(change, state, report.content_id, verdict.criteria), report), report

"""Rollout: what may follow what. Every change of who answers is one of these, and changes nothing but the state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sluiceway.artifacts.rollout_state import REHEARSAL, RolloutState, Served
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError
from sluiceway.core.verdict import Measure, Outcome, Verdict
from sluiceway.declare.spec import Rollout

FIRST, START, STEP_UP, PROMOTE, ABORT, ROLLBACK = "first", "start", "step_up", "promote", "abort", "rollback"
REPLACE = "replace"
NAMES = (FIRST, START, STEP_UP, PROMOTE, ABORT, ROLLBACK, REPLACE)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a challenger takes over: the shares of the entities in turn (0 to 1), and how long each lasts, in seconds.

    ``by`` names the request columns whose values decide who is on the canary; a step also lasts until so many
    requests were answered by the challenger in it.
    """

    shares: Sequence[float]
    hold_s: float
    by: tuple[str, ...] = ()
    min_requests: int = 0


def first(scope: str, champion: Served, *, at: datetime, why: str = "") -> RolloutState:
    """Let a first champion answer everything."""
    return RolloutState(scope, champion, 1, at, why or f"{champion.version} is the first to answer")


def start(state: RolloutState, challenger: Served, plan: Plan, *, at: datetime, why: str = "") -> RolloutState:
    """Let a challenger answer the first share.

    Raises:
        MisuseError: someone is being tried out already, the challenger answers already, or the shares do not grow.
    """
    _require_new(state, challenger)
    shares = tuple(plan.shares)
    grow = all(before < after for before, after in zip((0.0, *shares), shares, strict=False))
    if not shares or not grow or shares[-1] > 1:
        raise MisuseError(f"a rollout's shares must grow, above 0 and up to 1; got {shares}")
    said = (
        why or f"{challenger.version} is tried out on {percent(shares[0])}, {state.champion.version} answers the rest"
    )
    return replace(
        _next(state, at, said),
        challenger=challenger,
        share=shares[0],
        step=0,
        ramp=shares,
        hold_s=plan.hold_s,
        by=plan.by,
        min_requests=plan.min_requests,
    )


def step_up(state: RolloutState, *, at: datetime, why: str = "") -> RolloutState:
    """Give the challenger the next share.

    Raises:
        MisuseError: there is no challenger, or no greater share.
    """
    challenger = challenger_of(state, "no share can grow")
    if is_last(state):
        raise MisuseError(f"{challenger.version} has the last share, {percent(state.share)}; promote it or abort it")
    share = state.ramp[state.step + 1]
    said = why or f"{challenger.version} goes from {percent(state.share)} to {percent(share)}"
    return replace(_next(state, at, said), share=share, step=state.step + 1)


def promote(state: RolloutState, *, at: datetime, why: str = "") -> RolloutState:
    """Make the challenger the champion, and keep the old one to roll back to.

    Raises:
        MisuseError: there is no challenger, or it has not been at the last share.
    """
    challenger = challenger_of(state, "nobody can be promoted")
    if not is_last(state):
        raise MisuseError(
            f"{challenger.version} stands at {percent(state.share)}; it is promoted from {percent(state.ramp[-1])} only"
        )
    said = why or f"{challenger.version} takes over from {state.champion.version}"
    return replace(_alone(state, at, said), champion=challenger, previous=state.champion)


def abort(state: RolloutState, *, at: datetime, why: str) -> RolloutState:
    """Take the challenger out; the champion answers everything again.

    Raises:
        MisuseError: there is no challenger.
    """
    challenger = challenger_of(state, "nothing can be aborted")
    return _alone(state, at, f"{challenger.version} is out at {percent(state.share)}: {why}")


def rollback(state: RolloutState, *, at: datetime, why: str) -> RolloutState:
    """Put the previous champion back; a challenger that is being tried out goes out as well.

    Raises:
        MisuseError: there is no previous champion.
    """
    if state.previous is None:
        tried = "" if state.challenger is None else "; sluiceway rollout abort ends the one that is being tried out"
        raise MisuseError(f"there is no champion before {state.champion.version} to roll back to{tried}")
    said = f"back from {state.champion.version} to {state.previous.version}: {why}"
    return replace(_alone(state, at, said), champion=state.previous, previous=None)


def replace_champion(state: RolloutState, champion: Served, *, at: datetime, why: str) -> RolloutState:
    """Let another champion answer everything, without a canary, and keep the old one to roll back to.

    Raises:
        MisuseError: someone is being tried out, or it answers already.
    """
    _require_new(state, champion)
    said = f"{champion.version} replaces {state.champion.version} without a canary: {why}"
    return replace(_next(state, at, said), champion=champion, previous=state.champion)


def due(state: RolloutState, outcome: Outcome, *, now: datetime, requests: int | None = None) -> str | None:
    """Name the change that is due, given what the gate says of the canary so far; ``None`` while it goes on.

    Whatever stops, ends it at once. A step lasts its hold, and until the challenger had its requests: ``requests`` is
    how many it has had in this step, where that is known. Live, no greater share is given before the gate is open; in
    a rehearsal, where nobody is harmed, it is enough that nothing stops. Promoted is only behind an open gate.
    """
    challenger_of(state, "nothing is due")
    if outcome is Outcome.STOPPED:
        return ABORT
    if (now - state.since).total_seconds() < state.hold_s:
        return None
    if requests is not None and requests < state.min_requests:
        return None
    if is_last(state):
        return PROMOTE if outcome.is_open else None
    return STEP_UP if outcome.is_open or state.scope == REHEARSAL else None


def changed(state: RolloutState, change: str, verdict: Verdict, *, at: datetime) -> RolloutState:
    """Make the change that ``due`` named, for the reasons of the verdict that it was due by."""
    if change == ABORT:
        return abort(state, at=at, why=why_stopped(verdict))
    return promote(state, at=at) if change == PROMOTE else step_up(state, at=at)


def why_stopped(verdict: Verdict) -> str:
    """Say what stopped a canary, with all that was measured."""
    stopped = [each for each in verdict.closed if each.outcome is Outcome.STOPPED]
    return "; ".join(
        f"{each.name} {_text(each.measured)}, limit {_text(each.limit)} ({each.detail})" for each in stopped
    )


def is_last(state: RolloutState) -> bool:
    """Whether the challenger has the greatest share there is."""
    return state.step == len(state.ramp) - 1


def challenger_of(state: RolloutState, so: str) -> Served:
    """Return who is being tried out.

    Raises:
        MisuseError: nobody is, ``so`` something cannot be done.
    """
    if state.challenger is None:
        raise MisuseError(f"no version is being tried out beside {state.champion.version}, so {so}")
    return state.challenger


def percent(share: float) -> str:
    """Write a share of 0 to 1 as a percentage."""
    return f"{100 * share:g} %"


def _require_new(state: RolloutState, served: Served) -> None:
    if state.challenger is not None:
        raise MisuseError(
            f"{state.challenger.version} is being tried out at {percent(state.share)}; "
            "promote it or end it first: sluiceway rollout abort"
        )
    if served.bundle == state.champion.bundle:
        raise MisuseError(f"{state.champion.version} answers already; a rollout needs another version")


def plan_of(rollout: Rollout) -> Plan:
    """Turn what the spec says of a rollout into its steps."""
    return Plan(rollout.shares, parse_duration(rollout.hold).total_seconds(), rollout.by, rollout.min_requests)


def _next(state: RolloutState, at: datetime, why: str) -> RolloutState:
    return replace(state, sequence=state.sequence + 1, since=at, reason=why)


def _alone(state: RolloutState, at: datetime, why: str) -> RolloutState:
    """The next state, in which nobody is tried out."""
    return replace(
        _next(state, at, why), challenger=None, share=0.0, step=0, ramp=(), hold_s=0.0, by=(), min_requests=0
    )


def _text(value: Measure) -> str:
    if value is None:
        return "not known yet"
    return f"{value:.4g}" if isinstance(value, float) else str(value)

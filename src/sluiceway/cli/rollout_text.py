"""Rollouts as people and scripts see them."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.cli.gates import criterion_line, gate_json, gate_lines
from sluiceway.core.moments import iso
from sluiceway.deploy.rollout import ABORT, PROMOTE, STEP_UP, percent
from sluiceway.ledger.standing import Standing

if TYPE_CHECKING:
    from sluiceway.flow.live_canary import Advanced
    from sluiceway.flow.live_rollout import Shut

DONE = {ABORT: "aborted", PROMOTE: "promoted", STEP_UP: "goes on to the next share"}


def hold_ends(state: RolloutState) -> datetime | None:
    """Tell when the present step has lasted long enough (UTC); ``None`` where nobody is being tried out."""
    return None if state.challenger is None else state.since + timedelta(seconds=state.hold_s)


def state_json(state: RolloutState | None) -> dict[str, Any] | None:
    """Give a state the shape that scripts read."""
    if state is None:
        return None
    ends = hold_ends(state)
    return {
        "scope": state.scope,
        "champion": state.champion.version,
        "challenger": state.challenger.version if state.challenger else None,
        "previous": state.previous.version if state.previous else None,
        "share": state.share,
        "step": state.step + 1 if state.challenger else None,
        "steps": list(state.ramp),
        "by": list(state.by),
        "since": iso(state.since),
        "hold_ends": iso(ends) if ends else None,
        "sequence": state.sequence,
        "reason": state.reason,
    }


def state_lines(state: RolloutState) -> list[str]:
    """Tell a person who answers, whom, and since when."""
    lines = [f"champion    {state.champion.version}"]
    if state.challenger is not None:
        whom = f" of all {', '.join(state.by)}" if state.by else ""
        place = f"step {state.step + 1} of {len(state.ramp)}: {', '.join(percent(share) for share in state.ramp)}"
        lines += [f"challenger  {state.challenger.version}, {percent(state.share)}{whom} ({place})"]
    if state.previous is not None:
        lines += [f"before      {state.previous.version}"]
    lines += [f"since       {iso(state.since)}: {state.reason}"]
    ends = hold_ends(state)
    return lines if ends is None else [*lines, f"holds until {iso(ends)}"]


def missing_json(standing: Standing | None, now: datetime) -> list[dict[str, Any]]:
    """The criteria that keep a challenger from going on."""
    return [] if standing is None else [criterion.as_json() for criterion in standing.at(now).closed]


def missing_lines(standing: Standing | None, now: datetime) -> list[str]:
    """Tell what keeps a challenger from going on."""
    if standing is None:
        return ["", "Not judged yet: sluiceway rollout advance"]
    missing = missing_json(standing, now)
    told = [criterion_line(criterion) for criterion in missing] or ["    nothing: gate 6 is open"]
    return ["", "Missing, when it was last judged:", *told]


def shut_json(shut: "Shut", now: datetime) -> dict[str, Any]:
    """Give a refusal the shape that scripts read."""
    standing = shut.standing
    gate = None if standing is None else gate_json(standing.gate, standing.stage, standing, now)
    return {"started": False, "refused": shut.why, "gate": gate}


def shut_lines(shut: "Shut", now: datetime) -> list[str]:
    """Tell a person which gate keeps a model off the canary."""
    lines = [f"✗ {shut.why}"]
    if shut.standing is not None:
        lines += gate_lines(gate_json(shut.standing.gate, shut.standing.stage, shut.standing, now))
    return lines


def advanced_json(seen: "Advanced", now: datetime, page: str) -> dict[str, Any]:
    """Give a look the shape that scripts read."""
    standing = seen.standing
    return {
        "change": seen.change,
        "rollout": state_json(seen.state),
        "gate": gate_json(standing.gate, standing.stage, standing, now),
        "missing": missing_json(standing, now),
        "report": page,
    }


def advanced_lines(seen: "Advanced", now: datetime, page: str) -> list[str]:
    """Tell a person what was judged, what was done about it, and where the page is."""
    standing, challenger = seen.standing, seen.report.challenger.version
    lines = gate_lines(gate_json(standing.gate, standing.stage, standing, now))
    if seen.change is not None:
        done = f"{challenger} {DONE[seen.change]}: {seen.state.reason}"
    elif seen.over:
        done = f"{challenger} is no longer tried out: {seen.state.reason}"
    elif standing.at(now).is_open:
        ends = hold_ends(seen.state)
        done = f"{challenger} stays at {percent(seen.state.share)} until {iso(ends) if ends else 'told otherwise'}"
    else:
        done = f"{challenger} stays at {percent(seen.state.share)} until gate 6 opens"
    return [*lines, "", done, f"Report: {page}"]

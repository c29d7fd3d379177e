"""``sluiceway override``: leave for one check of a gate to pass, by whom, why, and until when."""

import getpass
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_lines
from sluiceway.cli.flags import HERE, Common
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.core.moments import iso, parse_moment
from sluiceway.core.verdict import Criterion, Outcome, Override
from sluiceway.flow.stages import STAGES, Stage, stage_named
from sluiceway.ledger.overriding import judged_last, record_override
from sluiceway.ledger.standing import Standing
from sluiceway.workspace import Workspace

OVERRIDABLE = ("validate", "deploy", "observe")
AGAIN = {
    "validate": "sluiceway run",
    "deploy": "sluiceway rollout advance",
    "observe": "sluiceway observe report --live",
}

Check = Annotated[str, Parameter(help="The check's id, as the gate shows it.")]
Reason = Annotated[str, Parameter(help="Why it may pass; the ledger keeps it.")]
Until = Annotated[str, Parameter(help="How long, such as 7d, or an ISO 8601 date in UTC.")]
Author = Annotated[str | None, Parameter(help="Who answers for it; you, by default.")]


def override(
    gate: Annotated[str, Parameter(help="validate, deploy or observe; or its number: 3, 6, 7.")],
    check: Check,
    *,
    reason: Reason,
    until: Until,
    author: Author = None,
    common: Common = HERE,
) -> int:
    """Let one check of a gate pass on this very dataset, for a reason and for a time."""
    return excuse(gate_named(gate), check, reason=reason, until=until, author=author, common=common)


def excuse(stage: Stage, check: str, *, reason: str, until: str, author: str | None, common: Common) -> int:
    """Put an override of a stage's check on record."""
    workspace = Workspace.open(common.project)
    standing, criterion = closed_check(workspace, stage, check)
    if not reason.strip():
        raise MisuseError("--reason is empty; say why this check may pass")
    ends = end_of(until, workspace.kit.clock.now())
    who = author or user()
    excused = Override(check, standing.upstream["ingest"], who, reason.strip(), ends, stage.number, criterion.name)
    record_override(workspace.kit.ledger, excused)
    if common.json:
        print_json({"override": excused, "name": criterion.name, "scope": standing.scope})
        return 0
    again = AGAIN[stage.name] if standing.scope == "live" else AGAIN["validate"]
    print_lines(f"! {criterion.name}: may pass until {iso(ends)}, says {who}", f"  {again} judges the gate again")
    return 0


def closed_check(workspace: Workspace, stage: Stage, check: str) -> tuple[Standing, Criterion]:
    """Find a check by its id in what a gate said last, of the rehearsal and of live traffic.

    Raises:
        MisuseError: the gate was never judged, or the check passed.
        UnknownNameError: there is no such check, or it may not be overridden.
    """
    found = judged_last(workspace.kit.ledger, stage.name)
    if not found:
        raise MisuseError(
            f"gate {stage.number} has not been judged yet; run `sluiceway run --until {stage.name}` first"
        )
    known = {each.check: (standing, each) for standing in found for each in standing.verdict.criteria if each.check}
    if check not in known:
        what = "validation" if stage.name == "validate" else f"verdict of gate {stage.number} that may be overridden"
        raise UnknownNameError(f"check of the last {what}", check, known)
    standing, criterion = known[check]
    if criterion.outcome is Outcome.WARNED:
        raise MisuseError(
            f"check {check} ({criterion.name}) only warns and closes no gate; there is nothing to override"
        )
    if criterion.outcome is Outcome.PASSED:
        raise MisuseError(f"check {check} ({criterion.name}) passed; there is nothing to override")
    return standing, criterion


def gate_named(text: str) -> Stage:
    """Find a gate by its stage or its number.

    Raises:
        UnknownNameError: there is no such gate.
        MisuseError: none of its checks may be overridden.
    """
    stage = next((each for each in STAGES if str(each.number) == text), None) or stage_named(text)
    if stage.name not in OVERRIDABLE:
        raise MisuseError(
            f"gate {stage.number} ({stage.name}) cannot be overridden: without what it proves, nothing built upon it "
            f"is worth judging; {', '.join(OVERRIDABLE)} can"
        )
    return stage


def user() -> str:
    """Name who is typing.

    Raises:
        MisuseError: the machine does not know.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise MisuseError("nobody knows your name here; say who answers for it with --author") from None


def end_of(text: str, now: datetime) -> datetime:
    """Read ``--until``: a duration from now, or a date.

    Raises:
        MisuseError: it is neither, or it is over already.
    """
    try:
        end = now + parse_duration(text)
    except ValueError as error:
        try:
            end = parse_moment(text)
        except ValueError:
            what = f"--until {text!r} is neither a duration like 7d nor a date like 2027-01-31"
            raise MisuseError(f"--until: {error}" if "longer than" in str(error) else what) from None
    if end <= now:
        raise MisuseError(f"--until {text!r} is over already; it is {iso(now)}")
    return end

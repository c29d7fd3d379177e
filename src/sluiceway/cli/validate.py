"""``sluiceway validate``: the report of stage 3, and leave to pass a check."""

import getpass
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_lines
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import gate_json, gate_lines
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.core.moments import iso, parse_moment
from sluiceway.core.verdict import Outcome, Override
from sluiceway.ledger.overriding import record_override
from sluiceway.ledger.standing import Standing, standings
from sluiceway.workspace import Workspace


def report(*, common: Common = HERE) -> int:
    """Show gate 3's verdict check by check, and where the full report lies. Exits 1 when the gate is closed."""
    workspace = Workspace.open(common.project)
    standing = judged(workspace)
    now = workspace.kit.clock.now()
    gate = gate_json(standing.gate, standing.stage, standing, now)
    pages = workspace.pages()
    if common.json:
        print_json(
            {
                **gate,
                "dataset": standing.upstream["ingest"],
                "report": str(pages["validate"]) if "validate" in pages else None,
            }
        )
    else:
        print_lines(f"dataset {standing.upstream['ingest'][:12]}", *gate_lines(gate, whole=True))
        print_lines("", str(pages.get("validate", "the report is no longer in the store")))
    return 0 if standing.at(now).is_open else 1


def override(
    check: Annotated[str, Parameter(help="The check's id, as the report shows it.")],
    *,
    reason: Annotated[str, Parameter(help="Why it may pass; the ledger keeps it.")],
    until: Annotated[str, Parameter(help="How long, such as 7d, or an ISO 8601 date in UTC.")],
    author: Annotated[str | None, Parameter(help="Who answers for it; you, by default.")] = None,
    common: Common = HERE,
) -> int:
    """Let one check pass on this very dataset, for a reason and for a time. The next run's gate heeds it."""
    workspace = Workspace.open(common.project)
    standing = judged(workspace)
    known = {criterion.check: criterion for criterion in standing.verdict.criteria}
    if check not in known:
        raise UnknownNameError("check of the last validation", check, known)
    if known[check].outcome is Outcome.PASSED:
        raise MisuseError(f"check {check} ({known[check].name}) passed; there is nothing to override")
    if not reason.strip():
        raise MisuseError("--reason is empty; say why this check may pass")
    ends = end_of(until, workspace.kit.clock.now())
    who = author or user()
    excused = Override(check, standing.upstream["ingest"], who, reason.strip(), ends)
    record_override(workspace.kit.ledger, excused)
    if common.json:
        print_json({"override": excused, "name": known[check].name})
    else:
        print_lines(
            f"! {known[check].name}: may pass until {iso(ends)}, says {who}", "  sluiceway run judges the gate again"
        )
    return 0


def user() -> str:
    """Name who is typing.

    Raises:
        MisuseError: the machine does not know.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise MisuseError("nobody knows your name here; say who answers for it with --author") from None


def judged(workspace: Workspace) -> Standing:
    """Find gate 3's newest verdict.

    Raises:
        MisuseError: nothing was validated yet.
    """
    standing = standings(workspace.kit.ledger).get("validate")
    if standing is None:
        raise MisuseError("nothing has been validated yet; run `sluiceway run --until validate` first")
    return standing


def end_of(text: str, now: datetime) -> datetime:
    """Read ``--until``: a duration from now, or a date.

    Raises:
        MisuseError: it is neither, or it is over already.
    """
    try:
        end = now + parse_duration(text)
    except ValueError:
        try:
            end = parse_moment(text)
        except ValueError:
            raise MisuseError(f"--until {text!r} is neither a duration like 7d nor a date like 2027-01-31") from None
    if end <= now:
        raise MisuseError(f"--until {text!r} is over already; it is {iso(now)}")
    return end

"""``sluiceway run``: the whole river, or a part of it."""

import sys
from datetime import datetime
from pathlib import Path
from shlex import quote
from shutil import which
from typing import Annotated

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_lines, warn
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import gate_json, gate_lines
from sluiceway.cli.serve import curl
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError, UnknownObjectError
from sluiceway.core.moments import parse_moment
from sluiceway.flow.deploy_node import EXAMPLE
from sluiceway.flow.recall import recalled_candidate
from sluiceway.flow.runner import RunReport
from sluiceway.ledger.running import published
from sluiceway.workspace import Workspace

SERVED_AT = "http://127.0.0.1:8000"


def run(
    *,
    until: Annotated[str | None, Parameter(help="The last stage to run.")] = None,
    only: Annotated[str | None, Parameter(help="One stage, behind what earlier runs made.")] = None,
    again: Annotated[str | None, Parameter(help="A stage to run afresh, whatever is cached.")] = None,
    as_of: Annotated[
        str | None, Parameter(help="The virtual present, ISO 8601 in UTC: nothing known later is used.")
    ] = None,
    wait: Annotated[str, Parameter(help="How long to wait for another run, such as 10m.")] = "0s",
    common: Common = HERE,
) -> int:
    """Run the stages in order, judge each gate, and stop behind the first that is closed."""
    from sluiceway.cli.terminal_watch import TerminalWatch

    workspace = Workspace.open(common.project, as_of=moment(as_of))
    if workspace.lost_its_ledger():
        warn("the ledger is empty, but the store holds earlier work; what nobody vouches for is made again")
    with TerminalWatch() as watch, stdout_aside():
        report = workspace.run(watch, until=until, only=only, again=again, wait_s=seconds(wait))
    pages = workspace.pages()
    if common.json:
        print_json(run_json(report, workspace, pages))
    else:
        print_lines(*run_lines(report, workspace, pages))
    return 0 if report.is_open else 1


def moment(text: str | None) -> datetime | None:
    """Read ``--as-of``.

    Raises:
        MisuseError: it is no time.
    """
    try:
        return None if text is None else parse_moment(text)
    except ValueError:
        raise MisuseError(f"--as-of {text!r} is not a time; write it like 2013-11-01 or 2013-11-01T06:00:00Z") from None


def seconds(text: str) -> float:
    """Read ``--wait``; ``0s`` means not at all.

    Raises:
        MisuseError: it is no duration.
    """
    if text in {"0", "0s"}:
        return 0.0
    try:
        return parse_duration(text).total_seconds()
    except ValueError as error:
        raise MisuseError(f"--wait: {error}") from None


def run_json(report: RunReport, workspace: Workspace, pages: dict[str, Path]) -> dict[str, object]:
    """Give a run the shape that scripts read."""
    now = workspace.kit.clock.now()
    return {
        "open": report.is_open,
        "gates": [gate_json(standing.gate, standing.stage, standing, now) for standing in report.standings],
        "made": report.made,
        "cached": sorted(report.cached),
        "refused": str(report.refusal) if report.refusal else None,
        "reports": {name: str(path) for name, path in pages.items()},
    }


def run_lines(report: RunReport, workspace: Workspace, pages: dict[str, Path]) -> list[str]:
    """Tell a person what each gate measured, where the reports are, and what to type next."""
    now = workspace.kit.clock.now()
    lines = [""]
    for standing in report.standings:
        lines += gate_lines(gate_json(standing.gate, standing.stage, standing, now))
    if report.refusal is not None:
        lines.append(f"✗ {report.refusal}")
        if report.refusal.standing is not None:
            standing = report.refusal.standing
            lines += gate_lines(gate_json(standing.gate, standing.stage, standing, now))
    lines += registered_lines(report, workspace)
    lines += ["", "Reports:", *(f"  {name:<11}{path}" for name, path in pages.items()), "", "Next:"]
    project = "" if workspace.folder == Path() else f" --project {quote(str(workspace.folder))}"
    me = invoked()
    lines += [f"  {command.replace('sluiceway', me, 1)}" for command in next_commands(report, project)]
    example = asked_example(workspace) if report.is_open else None
    if example is not None:
        serve = f"{me} serve{project}"
        lines += ["", "Ask it:", f"  {serve}    # then, in another terminal:", f"  {curl(SERVED_AT, example)}"]
    return lines


def asked_example(workspace: Workspace) -> str | None:
    """Find a request that a rehearsal has asked."""
    try:
        return workspace.kit.objects.get(EXAMPLE).decode().strip()
    except UnknownObjectError:
        return None


def invoked() -> str:
    """Name this program so that the shell finds it: plainly where it is on the path, else as it was called."""
    called = Path(sys.argv[0])
    found = which("sluiceway")
    return "sluiceway" if found and Path(found).resolve() == called.resolve() else quote(str(called))


def registered_lines(report: RunReport, workspace: Workspace) -> list[str]:
    """Tell which model this run stands behind, and how it did on the holdout."""
    candidate = recalled_candidate(report.made.get("evaluate", ""), workspace.kit)
    told = published(workspace.kit.ledger).get(report.made.get("evaluate", ""))
    if candidate is None or told is None or not report.is_open:
        return []
    ours, theirs = candidate.evaluation.holdout, candidate.evaluation.baseline_holdout
    return [
        "",
        f"Registered: {told['model']} version {told['version']}, on {ours.rows:,} holdout rows",
        f"  ROC AUC            {ours.roc_auc:.4f}   baseline {theirs.roc_auc:.4f}",
        f"  average precision  {ours.average_precision:.4f}   baseline {theirs.average_precision:.4f}",
        f"  cost per row       {ours.cost:.4f}   baseline {theirs.cost:.4f}",
    ]


def next_commands(report: RunReport, project: str) -> list[str]:
    """What one would type next: look into what stopped, or look at what was made."""
    closed = next((standing for standing in report.standings if not standing.verdict.is_open), None)
    if closed is not None and closed.stage == "validate":
        check = closed.verdict.closed[0].check
        return [
            f"sluiceway validate report{project}",
            f'sluiceway validate override {check} --reason "…" --until 7d{project}    # then: sluiceway run{project}',
        ]
    if closed is not None or report.refusal is not None:
        return [f"sluiceway status{project}", f"sluiceway run{project}    # once it is mended"]
    watched = [f"sluiceway observe report{project}"] if "observe" in report.made else []
    rehearsed = [f"sluiceway rollout start{project}    # the live canary"] if "deploy" in report.made else []
    return [f"sluiceway status{project}", *watched, *rehearsed, f"sluiceway ledger verify{project}"]

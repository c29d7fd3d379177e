"""``sluiceway run``: the whole river, or a part of it."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_lines, warn
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import gate_json
from sluiceway.cli.run_story import in_order, run_lines
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError
from sluiceway.core.moments import parse_moment
from sluiceway.flow.runner import RunReport
from sluiceway.workspace import Workspace


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
    if workspace.lost_its_objects():
        warn(
            "the object store has nothing of what the ledger knows: was its folder removed, or is it not mounted? All "
            "is made again from the sources; earlier versions and models stay lost unless the store is brought back"
        )
    with TerminalWatch() as watch, stdout_aside():
        report = workspace.run(watch, until=until, only=only, again=again, wait_s=seconds(wait))
    pages = in_order(workspace.pages())
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
        "extracted": [asdict(each) for each in report.extracted],
        "refused": str(report.refusal) if report.refusal else None,
        "reports": {name: str(path) for name, path in pages.items()},
    }

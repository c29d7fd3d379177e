"""The end of a run's story: what each gate measured, how the model fares, where the reports are, what to type next."""

import sys
from pathlib import Path
from shlex import quote
from shutil import which

from sluiceway.artifacts.health_report import HealthReport
from sluiceway.artifacts.promise import Promise
from sluiceway.cli.gates import gate_json, gate_lines
from sluiceway.cli.health_text import moved_lines
from sluiceway.cli.serve import curl
from sluiceway.flow.recall import recalled, recalled_candidate
from sluiceway.flow.runner import RunReport
from sluiceway.flow.stages import STAGES
from sluiceway.ledger.running import published
from sluiceway.pages.health_headline import headline
from sluiceway.server.example import kept_example
from sluiceway.serving import api_key
from sluiceway.workspace import Workspace

SERVED_AT = "http://127.0.0.1:8000"
# What these measure depends on more than their recipes hold, as on the machine; a plain run takes it from the cache.
TIMED = ("features", "deploy", "observe")


def in_order(pages: dict[str, Path]) -> dict[str, Path]:
    """Put the pages in the order of their stages."""
    return {stage.name: pages[stage.name] for stage in STAGES if stage.name in pages}


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
    lines += [*registered_lines(report, workspace), *health_lines(report, workspace)]
    lines += ["", "Reports:", *(f"  {name:<11}{path}" for name, path in pages.items())] if pages else []
    lines += ["", "Next:"]
    project = "" if workspace.folder == Path() else f" --project {quote(str(workspace.folder))}"
    me = invoked()
    lines += [f"  {command.replace('sluiceway', me, 1)}" for command in next_commands(report, project)]
    example = kept_example(workspace.kit.objects) if report.is_open else None
    if example is not None:
        serve = f"{me} serve{project}"
        lines += [
            "",
            "Ask it:",
            f"  {serve}    # then, in another terminal:",
            f"  {curl(SERVED_AT, example, keyed=api_key() is not None)}",
        ]
    return lines


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


def health_lines(report: RunReport, workspace: Workspace) -> list[str]:
    """Tell how the model fared in every window that was watched."""
    health = recalled("observe", report.made.get("observe", ""), workspace.kit)
    promise = recalled("spec", report.made.get("spec", ""), workspace.kit)
    if not isinstance(health, HealthReport) or not isinstance(promise, Promise):
        return []
    said = headline(health, currency=promise.spec.costs.currency)
    return ["", f"Health, in rehearsal: {said}", "", *moved_lines(health)]


def next_commands(report: RunReport, project: str) -> list[str]:
    """What one would type next: look into what stopped, or look at what was made."""
    closed = next((standing for standing in report.standings if not standing.verdict.is_open), None)
    if closed is not None and closed.stage == "validate":
        check = closed.verdict.closed[0].check
        return [
            f"sluiceway validate report{project}",
            f'sluiceway validate override {check} --reason "…" --until 7d{project}    # then: sluiceway run{project}',
        ]
    if closed is not None and closed.stage in TIMED:
        again = f"sluiceway run --again {closed.stage}{project}    # once it is mended: else what was measured counts"
        return [f"sluiceway status{project}", again]
    if closed is not None or report.refusal is not None:
        return [f"sluiceway status{project}", f"sluiceway run{project}    # once it is mended"]
    watched = [f"sluiceway observe report{project}"] if "observe" in report.made else []
    rehearsed = [f"sluiceway rollout start{project}    # the live canary"] if "deploy" in report.made else []
    return [f"sluiceway status{project}", *watched, *rehearsed, f"sluiceway ledger verify{project}"]

"""``sluiceway observe``: how the served model fares, and whether the alarms work."""

from collections.abc import Sequence
from typing import TypeVar

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.health_report import Drill, HealthReport
from sluiceway.artifacts.promise import Promise
from sluiceway.cli.answer import print_json, print_lines, print_table, table_lines
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import gate_json
from sluiceway.core.digest import plain_fields
from sluiceway.core.errors import MisuseError
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current
from sluiceway.ledger.alerting import undelivered
from sluiceway.ledger.standing import Standing, standing_on
from sluiceway.pages.health_headline import headline, period, short_period
from sluiceway.pages.moved_columns import LEGEND, moved_columns, psi_text
from sluiceway.workspace import Workspace

A = TypeVar("A")
STAGE = "observe"
MOST_WINDOWS = 8


def report(*, common: Common = HERE) -> int:
    """Show the newest health report: what moved, since when, what it costs. Exits 1 when gate 7 is closed."""
    workspace = Workspace.open(common.project)
    kit = workspace.kit
    found = newest(kit, STAGE, HealthReport, "nothing has been observed yet; run `sluiceway run` first")
    currency = newest(kit, "spec", Promise, "the spec is not in the store; run `sluiceway run`").spec.costs.currency
    standing = standing_on(kit.ledger, STAGE, found.content_id)
    page = workspace.pages().get(STAGE)
    missed = undelivered(kit.ledger, found, places=kit.alerter.places)
    if common.json:
        told = {
            "headline": headline(found, currency=currency),
            "undelivered": missed,
            "report": str(page) if page else None,
        }
        gate = gate_json(7, STAGE, standing, kit.clock.now())
        print_json({**plain_fields(found), **told, "gate": gate})
    else:
        print_lines(*said(found, currency), "", *moved_lines(found))
        print_lines(*(f"  not delivered to {place}: {why}" for place, why in missed.items()))
        print_lines("", str(page or "the page is no longer in the store"))
    return 0 if is_open(standing, kit) else 1


def drill(*, common: Common = HERE) -> int:
    """Plant faults into a copy of the candidate's holdout, and see what is said. Exits 1 when one is missed."""
    from sluiceway.observe.drill import drills
    from sluiceway.observe.reference import reference_of
    from sluiceway.online.predictor import Predictor

    kit = Workspace.open(common.project).kit
    untrained = "there is no model whose alarms could be tried; run `sluiceway run --until train` first"
    candidate, features = newest(kit, "evaluate", Candidate, untrained), newest(kit, "features", FeatureSet, untrained)
    promise = newest(kit, "spec", Promise, untrained)
    predictor = Predictor(candidate.bundle, kit.objects.get(candidate.bundle.onnx))
    reference = reference_of(candidate, features, promise=promise, predictor=predictor, tables=kit.tables)
    found = drills(reference, promise.spec, predictor)
    if common.json:
        print_json({"bundle": candidate.bundle.content_id, "drills": found})
    else:
        print_drills(found)
    return 0 if all(each.behaved for each in found) else 1


def newest(kit: Kit, node: str, kind: type[A], absent: str) -> A:
    """Return what the last run stood upon.

    Raises:
        MisuseError: there is none.
    """
    found = current(node, kit)
    if not isinstance(found, kind):
        raise MisuseError(absent)
    return found


def is_open(standing: Standing | None, kit: Kit) -> bool:
    """Whether gate 7 is open on the report."""
    return standing is not None and standing.at(kit.clock.now()).is_open


def said(report: HealthReport, currency: str) -> list[str]:
    """The headline, what else was told of, and why or why not to train again."""
    where = "rehearsal" if report.scope == "rehearsal" else "live"
    lines = [f"{report.version}, {where}: {headline(report, currency=currency)}", ""]
    for window in reversed(report.windows):
        for alert in window.alerts:
            since = f", since {alert.since:%Y-%m-%d}" if alert.since else ""
            lines.append(f"  {alert.severity:<8}{period(window)}{since}: {alert.message}")
    decided = "Train again:" if report.decision.retrain else "No need to train again:"
    return [*lines, "", decided, *(f"  {reason}" for reason in report.decision.reasons)]


def moved_lines(report: HealthReport) -> list[str]:
    """Set columns beside the newest windows, with the PSI of each."""
    windows = report.windows[-MOST_WINDOWS:]
    rows = [(name, *map(psi_text, found)) for name, found in moved_columns(windows)]
    return [*table_lines(("PSI", *map(short_period, windows)), rows), "", LEGEND]


def print_drills(drills: Sequence[Drill]) -> None:
    """List the drills, each with what was planted and what was said."""
    rows = [(drill_mark(each), each.name, each.column, drill_words(each)) for each in drills]
    print_table(("", "planted", "into", "said"), rows)


def drill_mark(drill: Drill) -> str:
    """Mark a drill that worked, one that did not, and one that nothing could be planted for."""
    return "○" if drill.not_applicable else "✓" if drill.behaved else "✗"


def drill_words(drill: Drill) -> str:
    """Say what was sent, or why nothing was planted."""
    if drill.not_applicable:
        return f"not applicable: {drill.not_applicable}"
    return ", ".join(drill.fired) or "nothing"

"""``sluiceway observe``: how the served model fares, and whether the alarms work."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from cyclopts import Parameter

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.health_report import ALERT, Alert, Drill, HealthReport
from sluiceway.artifacts.promise import Promise
from sluiceway.cli.answer import print_json, print_lines, print_table
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import gate_json, verdict_words
from sluiceway.cli.health_text import moved_lines, said
from sluiceway.cli.live_health import live_report
from sluiceway.core.digest import plain_fields
from sluiceway.core.errors import MisuseError
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current
from sluiceway.ledger.alerting import Delivery, last_delivery, undelivered
from sluiceway.ledger.standing import Standing, standing_on
from sluiceway.pages.health_headline import headline
from sluiceway.ports.alerter import Alerter
from sluiceway.workspace import Workspace

A = TypeVar("A")
STAGE = "observe"
COMPLETE = 4


def report(
    *,
    live: Annotated[bool, Parameter(help="Watch live traffic, instead of the rehearsal.", negative=())] = False,
    windows: Annotated[
        int | None, Parameter(help="How many complete windows of live traffic; 4 by default, and the one that goes on.")
    ] = None,
    watch: Annotated[str | None, Parameter(help="Look at live traffic again so often, such as 5m.")] = None,
    common: Common = HERE,
) -> int:
    """Show how the served model fares: what moved, since when, what it costs. Exits 1 when gate 7 is closed."""
    if live:
        return live_report(common, windows=COMPLETE if windows is None else windows, watch=watch)
    if windows is not None or watch is not None:
        raise MisuseError("--windows and --watch are for live traffic; add --live")
    return rehearsed(common)


def rehearsed(common: Common) -> int:
    """Show the newest report of a run."""
    workspace = Workspace.open(common.project)
    kit = workspace.kit
    found = newest(kit, STAGE, HealthReport, "nothing has been observed yet; run `sluiceway run` first")
    currency = newest(kit, "spec", Promise, "the spec is not in the store; run `sluiceway run`").spec.costs.currency
    standing = standing_on(kit.ledger, STAGE, found.content_id)
    page = workspace.pages().get(STAGE)
    missed = undelivered(kit.ledger, found, places=kit.alerter.places)
    delivery = last_delivery(kit.ledger, scope=found.scope)
    gate = gate_json(7, STAGE, standing, kit.clock.now())
    if common.json:
        told = {
            "headline": headline(found, currency=currency),
            "undelivered": missed,
            "last_delivery": delivery,
            "report": str(page) if page else None,
        }
        print_json({**plain_fields(found), **told, "gate": gate})
    else:
        print_lines(*said(found, currency), "", *moved_lines(found))
        print_lines(*(f"  not delivered to {place}: {why}" for place, why in missed.items()))
        print_lines("", f"gate 7 {verdict_words(gate['verdict'], gate['scope'])}; {delivery_words(delivery)}")
        print_lines(str(page or "the page is no longer in the store"))
    return 0 if is_open(standing, kit) else 1


def drill(
    *,
    send: Annotated[bool, Parameter(help="Also send a test alert to every place.", negative=())] = False,
    common: Common = HERE,
) -> int:
    """Plant faults into a copy of the candidate's holdout, and see what is said. Exits 1 when one is missed."""
    from sluiceway.observe.drill import drills
    from sluiceway.observe.reference import reference_of
    from sluiceway.online.predictor import Predictor

    kit = Workspace.open(common.project).kit
    untrained = "there is no model whose alarms could be tried; run `sluiceway run --until train` first"
    candidate, features = newest(kit, "evaluate", Candidate, untrained), newest(kit, "features", FeatureSet, untrained)
    promise = newest(kit, "spec", Promise, untrained)
    predictor = Predictor(candidate.bundle, kit.objects.get(candidate.bundle.onnx))
    with stdout_aside():
        within = kit.reader.load().pipeline.may_be_behind
    reference = reference_of(
        candidate, features, promise=promise, predictor=predictor, tables=kit.tables, within=within
    )
    found = drills(reference, promise.spec, predictor)
    sent = tested(kit.alerter, promise) if send else {}
    if common.json:
        print_json({"bundle": candidate.bundle.content_id, "drills": found, "sent": sent})
    else:
        print_drills(found)
        print_lines(*(f"{'✗' if why else '✓'}  {place}: {why or 'took the test alert'}" for place, why in sent.items()))
    return 0 if all(each.behaved for each in found) and not any(sent.values()) else 1


def tested(alerter: Alerter, promise: Promise) -> dict[str, str]:
    """Send a test alert to every place; return why each did not take it, or nothing where it did."""
    alert = Alert(ALERT, "test", "delivery", "this is a test of whether alerts arrive; nothing is wrong", None, None)
    failed = alerter.send(f"{promise.spec.problem.name}: a test", [alert], places=alerter.places)
    return {place: failed.get(place, "") for place in alerter.places}


def delivery_words(delivery: Delivery | None) -> str:
    """Say when alerts went out last, and to whom."""
    if delivery is None:
        return "no alert was ever sent"
    failed = f", not to {', '.join(delivery.failed)}" if delivery.failed else ""
    return f"alerts last went out at {delivery.at} to {', '.join(delivery.told) or 'nobody'}{failed}"


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

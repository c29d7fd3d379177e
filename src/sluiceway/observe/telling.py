"""Telling: alerts go out once, those that could not be delivered again, and the ledger remembers."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluiceway.artifacts.health_report import ALERT, Alert, HealthReport
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.core.verdict import Verdict
from sluiceway.declare.spec import Spec
from sluiceway.ledger.alerting import Subject, record_alert, record_decision, told
from sluiceway.ledger.chain import Ledger
from sluiceway.pages.health_headline import headline
from sluiceway.ports.alerter import Alerter

Places = tuple[str, ...]
NAMED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """How many alerts went out this time, and the places that failed, each with its reason."""

    alerts: int
    failed: Mapping[str, str]


def tell(
    report: HealthReport,
    spec: Spec,
    *,
    verdict: Verdict,
    alerter: Alerter,
    ledger: Ledger,
    as_of: datetime | None,
) -> Told:
    """Send what no place was told of yet, and again what a place could not take; then write it and the decision down.

    It is sent whatever gate 7 says: a fault that was found is found. Where the ``verdict`` is closed, it is said that
    the alarm is not proven. It is sent first and written down then: killed in between, the next run sends it once more
    rather than never.
    """
    failed: dict[str, str] = {}
    count = 0
    for places, due in _due(report, spec, alerter, ledger).items():
        missed = alerter.send(title(report, spec, verdict), [alert for _, alert in due], places=places)
        for subject, alert in due:
            reached = [place for place in places if place not in missed]
            record_alert(ledger, subject, alert, told=reached, failed=missed, proven=verdict.is_open, as_of=as_of)
        failed |= missed
        count += len(due)
    record_decision(ledger, report, proven=verdict.is_open, as_of=as_of)
    return Told(count, failed)


def title(report: HealthReport, spec: Spec, verdict: Verdict) -> str:
    """Say in one line which model speaks, the headline, and whether the alarm is proven."""
    where = " (rehearsal)" if report.scope == REHEARSAL else ""
    told = f"{spec.problem.name} {report.version}{where}: {headline(report, currency=spec.costs.currency)}"
    doubt = unproven(verdict)
    return f"{told} {doubt}" if doubt else told


def unproven(verdict: Verdict) -> str:
    """Say why an alarm is not proven: which criteria hold gate 7 shut; nothing, where it is open."""
    if verdict.is_open:
        return ""
    names = [criterion.name for criterion in verdict.closed]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"The alarm is not proven: gate 7 is {verdict.outcome.value} ({'; '.join(names[:NAMED])}{more})."


def _due(
    report: HealthReport, spec: Spec, alerter: Alerter, ledger: Ledger
) -> dict[Places, list[tuple[Subject, Alert]]]:
    """Gather alerts by the places that have yet to hear of them, oldest window first."""
    known = told(ledger)
    due: dict[Places, list[tuple[Subject, Alert]]] = defaultdict(list)
    for window in report.windows:
        for alert in window.alerts:
            subject = Subject.of(report, window, alert, every=spec.observe.window)
            before = known.get(subject.key)
            places = tuple(place for place in alerter.places if before is None or place in before["failed"])
            if alert.severity == ALERT and places:
                due[places].append((subject, alert))
    return dict(due)

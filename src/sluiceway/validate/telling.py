"""Telling: that validation halts the pipeline, once for each dataset version, and what to look at."""

from collections import defaultdict
from collections.abc import Sequence

from sluiceway.artifacts.health_report import ALERT, VALIDATION, Alert
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.validation_report import RuleCheck, ValidationReport
from sluiceway.core.verdict import Criterion, Verdict
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.halting import Halt, reached, record_halt
from sluiceway.pages.criteria_table import cell_of
from sluiceway.pages.failure_cards import Check, checks_by_name
from sluiceway.pages.number_text import percent
from sluiceway.pages.page_key import page_key
from sluiceway.ports.alerter import Alerter
from sluiceway.validate.masking import SENSITIVE_NOTE

STAGE = "validate"
MOST_NAMED = 10


def tell(report: ValidationReport, verdict: Verdict, promise: Promise, *, alerter: Alerter, ledger: Ledger) -> None:
    """Send the closed checks to the places that were not told of them on this dataset yet; then write it down.

    Counts and limits are told, but no values: what stands in the data stays in the report. It is sent first and written
    down then: killed in between, the next run sends it once more rather than never.
    """
    key = page_key("validation", report.content_id, verdict)
    known = reached(ledger, stage=STAGE, dataset=report.dataset)
    due: dict[tuple[str, ...], list[Criterion]] = defaultdict(list)
    for criterion in verdict.closed:
        due[tuple(place for place in alerter.places if place not in known.get(criterion.name, ()))].append(criterion)
    for places, criteria in due.items():
        if places:
            failed = alerter.send(title(report, promise, criteria, key), alerts(report, criteria), places=places)
            halt = Halt(STAGE, report.dataset, tuple(criterion.name for criterion in criteria), key)
            told = [place for place in places if place not in failed]
            record_halt(ledger, halt, told=told, failed=failed, as_of=report.as_of)


def title(report: ValidationReport, promise: Promise, criteria: Sequence[Criterion], key: str) -> str:
    """Say in one line what stopped, on which data, and where the report is."""
    checks = f"{len(criteria)} check{'' if len(criteria) == 1 else 's'}"
    return (
        f"{promise.spec.problem.name}: validation halts the pipeline, {checks} on dataset {report.dataset[:12]}; "
        f"see `sluiceway validate report` ({key})"
    )


def alerts(report: ValidationReport, criteria: Sequence[Criterion]) -> list[Alert]:
    """Make an alert of each closed check, and one of all that are too many to name."""
    checks = checks_by_name(report)
    named = [_alert(criterion, checks.get(criterion.name)) for criterion in criteria[:MOST_NAMED]]
    left = len(criteria) - len(named)
    if left:
        named.append(Alert(ALERT, VALIDATION, "more", f"and {left} more checks", None, None))
    return named


def _alert(criterion: Criterion, check: Check | None) -> Alert:
    said = f"{criterion.name}: {criterion.outcome.value}, {_measured(criterion, check)}"
    measured, limit = (_number(value) for value in (criterion.measured, criterion.limit))
    return Alert(ALERT, VALIDATION, criterion.name, said, measured, limit)


def _measured(criterion: Criterion, check: Check | None) -> str:
    if isinstance(check, RuleCheck) and check.is_share and check.broken and check.rows:
        share = percent(check.broken / check.rows)
        return f"{check.broken:,} of {check.rows:,} rows break it ({share})"
    if criterion.measured is None:
        return "nothing was measured" if check is None else getattr(check, "note", "") or "nothing was measured"
    if isinstance(check, RuleCheck) and check.note == SENSITIVE_NOTE:
        return "out of its bounds; it is sensitive, so that the number is not told"
    limit = f" (limit {cell_of(criterion.limit)})" if criterion.limit is not None else ""
    return f"{cell_of(criterion.measured)}{limit}"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value == value else None  # noqa: PLR0124 - NaN is no number

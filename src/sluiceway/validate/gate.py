"""Gate 3: every expectation is met, nothing has drifted, and the classes keep their shares."""

from datetime import datetime

from sluiceway.artifacts.dataset_version import QUARANTINE_FOLDER
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.validation_report import (
    FreshnessCheck,
    RuleCheck,
    ValidationReport,
)
from sluiceway.core.moments import iso
from sluiceway.core.verdict import Criterion, Outcome, Overrides, Verdict, warned
from sluiceway.declare.expectation import QUARANTINE, WARN
from sluiceway.validate.class_share_criteria import class_share_criteria
from sluiceway.validate.drift_criteria import drift_criteria
from sluiceway.validate.partition_criteria import partition_criteria
from sluiceway.validate.unmeasured import unmeasured

STAGE_VERSION = 4


def gate(report: ValidationReport, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Judge layers A (rules, freshness), B (drift) and C (class share); what could not be measured does not pass.

    Overrides excuse a check on ``report.dataset``. Freshness counts from the report's ``as_of``, else from ``now``.
    """
    acceptance = promise.spec.acceptance
    criteria = [
        *(_rule(check, report) for check in report.rules),
        *(_freshness(check, report, now) for check in report.freshness if not check.partition),
        *(each for check in report.freshness if check.partition for each in _partitions(check, report, now)),
        *drift_criteria(report, acceptance),
        *class_share_criteria(report, acceptance.max_class_share_change),
    ]
    return Verdict.of(criteria, overrides, now, subject=report.dataset)


def _rule(check: RuleCheck, report: ValidationReport) -> Criterion:
    about: list[object] = [report.as_of]
    if check.definition or check.on_failure == QUARANTINE:
        about += [check.definition, check.on_failure]
    name = f"{check.source}: {check.name}"
    if check.needs_reference:
        return unmeasured(name, Outcome.NO_REFERENCE, limit=check.bounds, detail=check.note, about=about)
    detail = _detail(check)
    if check.is_share:
        judged = Criterion.at_least(name, measured=check.measured, limit=check.at_least, detail=detail, about=about)
    else:
        passed, limit = check.holds, check.bounds
        judged = Criterion.judged(name, measured=check.measured, limit=limit, passed=passed, detail=detail, about=about)
    return warned(judged) if check.on_failure == WARN else judged


def _detail(check: RuleCheck) -> str:
    """Say why nothing was measured, or how many rows break the rule, what they hold, and where they went."""
    if check.is_share and check.broken:
        words = f"{check.broken:,} of {check.rows:,} rows break it"
    elif check.broken:
        words = f"it found {check.broken:,} rows"
    else:
        words = check.note
    if check.examples:
        words += f", such as {', '.join(check.examples)}"
    apart = check.on_failure == QUARANTINE and check.broken
    return f"{words}; they are in {QUARANTINE_FOLDER}{check.source}" if apart else words


def _freshness(check: FreshnessCheck, report: ValidationReport, now: datetime) -> Criterion:
    age = ((report.as_of or now) - check.newest).total_seconds() if check.newest else None
    judged = Criterion.at_most(
        check.name,
        measured=age,
        limit=check.within_s,
        detail=f"the newest is of {iso(check.newest)}" if check.newest else "there is no row with a known time",
        about=[report.as_of],
    )
    return warned(judged) if check.on_failure == WARN else judged


def _partitions(check: FreshnessCheck, report: ValidationReport, now: datetime) -> list[Criterion]:
    judged = partition_criteria(check, report, now)
    return [warned(each) for each in judged] if check.on_failure == WARN else list(judged)

"""Gate 3: every expectation is met, nothing has drifted, and the classes keep their shares."""

from collections.abc import Iterator
from datetime import datetime

from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.validation_report import (
    ClassShareCheck,
    DriftCheck,
    FreshnessCheck,
    RuleCheck,
    ValidationReport,
)
from sluiceway.core.moments import iso
from sluiceway.core.verdict import Criterion, Measure, Outcome, Overrides, Verdict, check_digest
from sluiceway.declare.spec import Acceptance

STAGE_VERSION = 1
FEW_OF_A_CLASS = 30
TESTS = {"ks": "Kolmogorov-Smirnov", "chi2": "chi-square", "none": "not compared"}
EFFECTS = {"ks": "D", "chi2": "Cramer's V"}


def gate(report: ValidationReport, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Judge layers A (rules, freshness), B (drift) and C (class share); what could not be measured does not pass.

    Overrides excuse a check on ``report.dataset``. Freshness counts from the report's ``as_of``, else from ``now``.
    """
    acceptance = promise.spec.acceptance
    criteria = [
        *(_rule(check) for check in report.rules),
        *(_freshness(check, report.as_of or now) for check in report.freshness),
        *_drift(report, acceptance),
        _class_share(report, acceptance.max_class_share_change),
    ]
    return Verdict.of(criteria, overrides, now, subject=report.dataset)


def _rule(check: RuleCheck) -> Criterion:
    name = f"{check.source}: {check.name}"
    detail = check.note or (f"{check.broken:,} of {check.rows:,} rows break it" if check.broken else "")
    if check.examples:
        detail += f", such as {', '.join(check.examples)}"
    if check.low is None or check.high is None:
        return Criterion.at_least(name, measured=check.measured, limit=check.at_least, detail=detail)
    passed = check.measured is not None and check.low <= check.measured <= check.high
    limit = f"{check.low:g} to {check.high:g}"
    return Criterion.judged(name, measured=check.measured, limit=limit, passed=passed, detail=detail)


def _freshness(check: FreshnessCheck, moment: datetime) -> Criterion:
    name = f"{check.source}: age of the newest row in seconds"
    if check.newest is None:
        return Criterion.at_most(name, measured=None, limit=check.within_s, detail="there is no row with a known time")
    age = (moment - check.newest).total_seconds()
    return Criterion.at_most(name, measured=age, limit=check.within_s, detail=f"the newest is of {iso(check.newest)}")


def _drift(report: ValidationReport, acceptance: Acceptance) -> Iterator[Criterion]:
    if report.reference is None:
        yield _said("drift", Outcome.NO_REFERENCE, None, None, "there is no earlier version to compare with")
    elif not report.drift:
        yield _said("drift", Outcome.STOPPED, None, None, "no column could be compared with the reference")
    for check in report.drift:
        yield _column(check, acceptance)


def _column(check: DriftCheck, acceptance: Acceptance) -> Criterion:
    """By the bare rule p < limit when strict, else only where the adjusted p agrees and the effect matters."""
    name = f"{check.source}: drift of {check.column} ({TESTS[check.test]})"
    limit = acceptance.drift_p_value if acceptance.strict_drift else acceptance.drift_practical_floor
    if check.test == "none":
        return _said(name, Outcome.PASSED, None, limit, check.note)
    if not check.reference_rows:
        return _said(name, Outcome.NO_REFERENCE, None, limit, check.note)
    if check.effect is None or check.p_value is None or check.p_adjusted is None:
        return _said(name, Outcome.INCONCLUSIVE, None, limit, check.note or "nothing was measured")
    detail = f"{EFFECTS[check.test]} = {check.effect:.4g}, p = {check.p_value:.3g}, adjusted {check.p_adjusted:.3g}"
    if acceptance.strict_drift:
        kept = check.p_value >= acceptance.drift_p_value
        return Criterion.judged(name, measured=check.p_value, limit=limit, passed=kept, detail=detail)
    quiet, small = check.p_adjusted >= acceptance.drift_p_value, check.effect < acceptance.drift_practical_floor
    if small and not quiet:
        detail = f"significant but negligible: {detail}"
    return Criterion.judged(name, measured=check.effect, limit=limit, passed=quiet or small, detail=detail)


def _class_share(report: ValidationReport, limit: float) -> Criterion:
    check = report.class_share
    name = f"class share of {check.label}: relative change" if check else "class share"
    if check is None or check.share is None:
        return _said(name, Outcome.STOPPED, None, limit, "no outcome was measured")
    now = f"share {check.share:.4g} of {check.rows:,} rows"
    if report.reference is None or not check.reference_rows:
        return _said(name, Outcome.NO_REFERENCE, None, limit, f"{now}; there is no earlier version to compare with")
    detail = f"{now}, was {check.reference_share:.4g}" if check.reference_share is not None else now
    if check.low is not None and check.high is not None:
        detail += f"; 95 % interval of the change {check.low:.3g} to {check.high:.3g}"
    if _few(check) and not _interval_is_clear(check, limit):
        return _said(name, Outcome.INCONCLUSIVE, check.relative_change, limit, f"insufficient data: {detail}")
    return Criterion.at_most(name, measured=check.relative_change, limit=limit, detail=detail)


def _few(check: ClassShareCheck) -> bool:
    """Whether either class has too few rows on either side to trust a point."""
    sides = ((check.share, check.rows), (check.reference_share, check.reference_rows))
    return any(
        share is None or not FEW_OF_A_CLASS <= round(share * rows) <= rows - FEW_OF_A_CLASS for share, rows in sides
    )


def _interval_is_clear(check: ClassShareCheck, limit: float) -> bool:
    return check.low is not None and check.high is not None and (check.high <= limit or check.low > limit)


def _said(name: str, outcome: Outcome, measured: Measure, limit: Measure, detail: str) -> Criterion:
    return Criterion(name, measured, limit, outcome, detail, check_digest(name, limit))

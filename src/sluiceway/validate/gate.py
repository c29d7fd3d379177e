"""Gate 3: every expectation is met, nothing has drifted, and the classes keep their shares."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sluiceway.artifacts.dataset_version import QUARANTINE_FOLDER
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.validation_report import (
    CHI_SQUARE,
    JENSEN_SHANNON,
    KS,
    MEAN,
    NULLS,
    PASSED_OVER,
    QUANTILE,
    ClassShareCheck,
    DriftCheck,
    FreshnessCheck,
    RuleCheck,
    ValidationReport,
)
from sluiceway.core.moments import iso
from sluiceway.core.verdict import Criterion, Measure, Outcome, Overrides, Verdict, check_digest, warned
from sluiceway.declare.expectation import QUARANTINE, WARN
from sluiceway.declare.spec import Acceptance
from sluiceway.validate.partition_criteria import partition_criteria

STAGE_VERSION = 4
FEW_OF_A_CLASS = 30
# A fifth of a standard deviation is what Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988), calls
# a small effect; of a normal, it is a D of 0.08.
MEAN_FLOOR = 0.2
LEAST_CHANCE = 1e-300
EFFECTS = {KS: "D", CHI_SQUARE: "Cramer's V", JENSEN_SHANNON: "distance"}


def gate(report: ValidationReport, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Judge layers A (rules, freshness), B (drift) and C (class share); what could not be measured does not pass.

    Overrides excuse a check on ``report.dataset``. Freshness counts from the report's ``as_of``, else from ``now``.
    """
    acceptance = promise.spec.acceptance
    criteria = [
        *(_rule(check, report) for check in report.rules),
        *(_freshness(check, report, now) for check in report.freshness if not check.partition),
        *(each for check in report.freshness if check.partition for each in _partitions(check, report, now)),
        *_drift(report, acceptance),
        *_class_shares(report, acceptance.max_class_share_change),
    ]
    return Verdict.of(criteria, overrides, now, subject=report.dataset)


def _rule(check: RuleCheck, report: ValidationReport) -> Criterion:
    about: list[object] = [report.as_of]
    if check.definition or check.on_failure == QUARANTINE:
        about += [check.definition, check.on_failure]
    name = f"{check.source}: {check.name}"
    if check.needs_reference:
        return _said(name, Outcome.NO_REFERENCE, limit=check.bounds, detail=check.note, about=about)
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


def _drift(report: ValidationReport, acceptance: Acceptance) -> Iterator[Criterion]:
    about = [report.reference, report.as_of, acceptance.drift_p_value, acceptance.strict_drift]
    if report.reference is None:
        yield _said("drift", Outcome.NO_REFERENCE, detail="there is no earlier version to compare with", about=about)
    elif not report.drift:
        yield _said("drift", Outcome.STOPPED, detail="no column could be compared with the reference", about=about)
    for check in report.drift:
        judged = _column(check, acceptance, [*about, report.pool(check.against).versions, check.is_new])
        yield warned(judged) if check.on_failure == WARN else judged


def _column(check: DriftCheck, acceptance: Acceptance, about: object) -> Criterion:
    """By the bare rule when strict, else stop only where the adjusted p agrees and the effect matters."""
    strict, level = acceptance.strict_drift, acceptance.drift_p_value
    limit = level if strict and not check.is_band else effect_limit(check, acceptance)
    if check.test == PASSED_OVER:
        return _said(check.name, Outcome.PASSED, limit=limit, detail=check.note, about=about)
    if not check.reference_rows:
        return _said(check.name, Outcome.NO_REFERENCE, limit=limit, detail=check.note, about=about)
    if check.effect is None or check.p_value is None or check.p_adjusted is None:
        detail = check.note or "nothing was measured"
        return _said(check.name, Outcome.INCONCLUSIVE, limit=limit, detail=detail, about=about)
    small = check.effect <= limit if check.is_band else check.effect < limit
    quiet = check.p_adjusted >= level
    detail = said_of(check)
    if strict:
        kept, measured = (small, check.effect) if check.is_band else (check.p_value >= level, check.p_value)
        return Criterion.judged(check.name, measured=measured, limit=limit, passed=kept, detail=detail, about=about)
    if small and not quiet:
        detail = f"significant but negligible: {detail}"
    elif quiet and check.resolution is not None and check.resolution > limit:
        detail += f"; {check.rows:,} rows show no less than {check.resolution:.3g}"
    passed = quiet or small
    return Criterion.judged(check.name, measured=check.effect, limit=limit, passed=passed, detail=detail, about=about)


def effect_limit(check: DriftCheck, acceptance: Acceptance) -> float:
    """By how much a column may differ: as declared, or else by the test's practical floor."""
    if check.limit is not None:
        return check.limit
    return MEAN_FLOOR if check.test in {MEAN, QUANTILE} else acceptance.drift_practical_floor


def said_of(check: DriftCheck) -> str:
    """Say what was measured of a column, in words."""
    p_values = f"p {_chance(check.p_value)}, adjusted {_chance(check.p_adjusted)}"
    then, now = check.then or 0.0, check.now or 0.0
    if check.test in {MEAN, QUANTILE}:
        moved = f"moved {check.effect:.4g} standard deviations"
        moved += "" if check.then is None or check.now is None else f", from {then:.4g} to {now:.4g}"
    elif check.test == NULLS:
        moved = f"from {100 * then:.3g} % missing to {100 * now:.3g} %"
    else:
        moved = f"{EFFECTS[check.test]} = {check.effect:.4g}"
    which = f" of {check.rows:,} new rows" if check.is_new else ""
    return "; ".join(filter(None, [f"{moved}{which}, {p_values}", check.note]))


def _chance(p_value: float | None) -> str:
    """Write a probability; one that is too small for a float is not nothing."""
    return f"< {LEAST_CHANCE:g}" if p_value is not None and p_value < LEAST_CHANCE else f"= {p_value:.3g}"


def _class_shares(report: ValidationReport, limit: float) -> Iterator[Criterion]:
    if not report.class_shares:
        about = [report.reference, report.as_of]
        yield _said("class share", Outcome.STOPPED, limit=limit, detail="no outcome was measured", about=about)
    for check in report.class_shares:
        yield _class_share(check, report, limit)


def _class_share(check: ClassShareCheck, report: ValidationReport, limit: float) -> Criterion:
    name = check.name
    about = [report.reference, report.as_of, check.condition, report.pool("").versions]
    if check.share is None:
        return _said(name, Outcome.STOPPED, limit=limit, detail="no outcome was measured", about=about)
    now = f"share {check.share:.4g} of {check.rows:,} rows"
    if report.reference is None or not check.reference_rows:
        detail = f"{now}; there is no earlier version to compare with"
        return _said(name, Outcome.NO_REFERENCE, limit=limit, detail=detail, about=about)
    detail = f"{now}, was {check.reference_share:.4g}" if check.reference_share is not None else now
    if check.low is not None and check.high is not None:
        detail += f"; 95 % interval of the change {check.low:.3g} to {check.high:.3g}"
    if _few(check) and not _interval_is_clear(check, limit):
        detail = f"insufficient data: {detail}"
        said = _said(name, Outcome.INCONCLUSIVE, limit=limit, detail=detail, about=about)
        return replace(said, measured=check.relative_change)
    return Criterion.at_most(name, measured=check.relative_change, limit=limit, detail=detail, about=about)


def _few(check: ClassShareCheck) -> bool:
    """Whether either class has too few rows on either side to trust a point."""
    sides = ((check.share, check.rows), (check.reference_share, check.reference_rows))
    return any(
        share is None or not FEW_OF_A_CLASS <= round(share * rows) <= rows - FEW_OF_A_CLASS for share, rows in sides
    )


def _interval_is_clear(check: ClassShareCheck, limit: float) -> bool:
    return check.low is not None and check.high is not None and (check.high <= limit or check.low > limit)


def _said(name: str, outcome: Outcome, *, limit: Measure = None, detail: str, about: object) -> Criterion:
    """Say what no comparison says."""
    return Criterion(name, None, limit, outcome, detail, check_digest(name, limit, about))

"""Drift criteria: no column differs from earlier versions by more than it may."""

from collections.abc import Iterator

from sluiceway.artifacts.validation_report import (
    CHI_SQUARE,
    JENSEN_SHANNON,
    KS,
    MEAN,
    NULLS,
    PASSED_OVER,
    QUANTILE,
    DriftCheck,
    ValidationReport,
)
from sluiceway.core.verdict import Criterion, Outcome, warned
from sluiceway.declare.expectation import WARN
from sluiceway.declare.spec import Acceptance
from sluiceway.validate.unmeasured import unmeasured

# A fifth of a standard deviation is what Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988), calls
# a small effect; of a normal, it is a D of 0.08.
MEAN_FLOOR = 0.2
LEAST_CHANCE = 1e-300
EFFECTS = {KS: "D", CHI_SQUARE: "Cramer's V", JENSEN_SHANNON: "distance"}


def drift_criteria(report: ValidationReport, acceptance: Acceptance) -> Iterator[Criterion]:
    """Judge each comparison; without an earlier version say so, and without a comparison stop."""
    about = [report.reference, report.as_of, acceptance.drift_p_value, acceptance.strict_drift]
    if report.reference is None:
        detail = "there is no earlier version to compare with"
        yield unmeasured("drift", Outcome.NO_REFERENCE, detail=detail, about=about)
    elif not report.drift:
        yield unmeasured("drift", Outcome.STOPPED, detail="no column could be compared with the reference", about=about)
    for check in report.drift:
        judged = _column(check, acceptance, [*about, report.pool(check.against).versions, check.is_new])
        yield warned(judged) if check.on_failure == WARN else judged


def _column(check: DriftCheck, acceptance: Acceptance, about: object) -> Criterion:
    """By the bare rule when strict, else stop only where the adjusted p agrees and the effect matters."""
    strict, level = acceptance.strict_drift, acceptance.drift_p_value
    limit = level if strict and not check.is_band else effect_limit(check, acceptance)
    if check.test == PASSED_OVER:
        return unmeasured(check.name, Outcome.PASSED, limit=limit, detail=check.note, about=about)
    if not check.reference_rows:
        return unmeasured(check.name, Outcome.NO_REFERENCE, limit=limit, detail=check.note, about=about)
    if check.effect is None or check.p_value is None or check.p_adjusted is None:
        detail = check.note or "nothing was measured"
        return unmeasured(check.name, Outcome.INCONCLUSIVE, limit=limit, detail=detail, about=about)
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

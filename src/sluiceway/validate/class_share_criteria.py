"""Class share criteria: the positive class is about as common as it was."""

from collections.abc import Iterator
from dataclasses import replace

from sluiceway.artifacts.validation_report import ClassShareCheck, ValidationReport
from sluiceway.core.verdict import Criterion, Outcome
from sluiceway.validate.unmeasured import unmeasured

FEW_OF_A_CLASS = 30


def class_share_criteria(report: ValidationReport, limit: float) -> Iterator[Criterion]:
    """Judge each class's share against the reference's; a report without any stops."""
    if not report.class_shares:
        about = [report.reference, report.as_of]
        yield unmeasured("class share", Outcome.STOPPED, limit=limit, detail="no outcome was measured", about=about)
    for check in report.class_shares:
        yield _class_share(check, report, limit)


def _class_share(check: ClassShareCheck, report: ValidationReport, limit: float) -> Criterion:
    name = check.name
    about = [report.reference, report.as_of, check.condition, report.pool("").versions]
    if check.share is None:
        return unmeasured(name, Outcome.STOPPED, limit=limit, detail="no outcome was measured", about=about)
    now = f"share {check.share:.4g} of {check.rows:,} rows"
    if report.reference is None or not check.reference_rows:
        detail = f"{now}; there is no earlier version to compare with"
        return unmeasured(name, Outcome.NO_REFERENCE, limit=limit, detail=detail, about=about)
    detail = f"{now}, was {check.reference_share:.4g}" if check.reference_share is not None else now
    if check.low is not None and check.high is not None:
        detail += f"; 95 % interval of the change {check.low:.3g} to {check.high:.3g}"
    if _few(check) and not _interval_is_clear(check, limit):
        detail = f"insufficient data: {detail}"
        said = unmeasured(name, Outcome.INCONCLUSIVE, limit=limit, detail=detail, about=about)
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

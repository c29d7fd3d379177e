"""Partition criteria: every partition that should be there is there, and the newest is new enough."""

from collections.abc import Iterator
from datetime import datetime

from sluiceway.artifacts.validation_report import FreshnessCheck, ValidationReport
from sluiceway.core.moments import iso
from sluiceway.core.verdict import Criterion


def partition_criteria(check: FreshnessCheck, report: ValidationReport, now: datetime) -> Iterator[Criterion]:
    """Judge the partitions of one source; without any, nothing was measured, which stops."""
    nothing = f"no row has a time in {check.partition}" + (" by then" if report.as_of else "")
    about = [report.as_of, check.every_s]
    named = ", ".join(check.gaps) + (", …" if check.missing > len(check.gaps) else "")
    yield Criterion.at_most(
        check.gaps_name,
        measured=check.missing if check.newest else None,
        limit=0,
        detail=(f"of {check.expected:,}: {named}" if check.missing else "") if check.newest else nothing,
        about=about,
    )
    yield Criterion.at_most(
        check.name,
        measured=((report.as_of or now) - check.newest).total_seconds() if check.newest else None,
        limit=check.within_s,
        detail=f"the newest begins at {iso(check.newest)}" if check.newest else nothing,
        about=about,
    )

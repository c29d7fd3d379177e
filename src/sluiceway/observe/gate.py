"""Gate 7: the alarms work, and there was something to watch."""

from datetime import datetime

from sluiceway.artifacts.health_report import HealthReport
from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Overrides, Verdict

STAGE_VERSION = 1


def gate(report: HealthReport, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Stop when a planted fault went unnoticed, the control did not stay silent, or nothing was seen."""
    raise NotImplementedError

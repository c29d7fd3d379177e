"""Unmeasured: criteria that say what no comparison says, such as that there was nothing to compare with."""

from sluiceway.core.verdict import Criterion, Measure, Outcome, check_digest


def unmeasured(name: str, outcome: Outcome, *, limit: Measure = None, detail: str, about: object) -> Criterion:
    """Make a criterion without a measure."""
    return Criterion(name, None, limit, outcome, detail, check_digest(name, limit, about))

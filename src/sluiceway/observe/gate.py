"""Gate 7: the alarms work, and there was something to watch."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from sluiceway.artifacts.health_report import Drill, HealthReport
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.core.verdict import Criterion, Outcome, Overrides, Verdict, beyond_excuse, check_digest

STAGE_VERSION = 1
# Under so many rows nothing is said of a distribution or a score.
FEWEST_ROWS = 200
NAMED = 3
# What an alarm must have been tried on; the silent control has no kind.
REQUIRED = ("data_drift", "prediction_drift", "performance", "cost", "errors", "latency")


def gate(report: HealthReport, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:  # noqa: ARG001
    """Stop when a planted fault went unnoticed, the control did not stay silent, or nothing was seen.

    What the report found in the data is no reason to stop: this gate proves that the alarms work. Skew, an alarm that
    was not even tried and a version that nobody asked may not be overridden.
    """
    criteria = chain(_tried(report), _drills(report), _seen(report), _skew(report))
    return Verdict.of(criteria, overrides, now, subject=report.dataset)


def _tried(report: HealthReport) -> Iterator[Criterion]:
    kinds = {drill.expected.partition(":")[0] for drill in report.drills}
    lacking = [kind for kind in REQUIRED if kind not in kinds]
    if "" not in kinds:
        lacking.append("a control without a fault")
    name, detail = "alarms that were not tried", ", ".join(lacking)
    yield beyond_excuse(Criterion.at_most(name, measured=len(lacking), limit=0, detail=detail))


def _drills(report: HealthReport) -> Iterator[Criterion]:
    for drill in report.drills:
        yield Criterion.judged(
            _name(drill),
            measured=", ".join(drill.fired) or "nothing",
            limit=drill.expected or "nothing",
            passed=drill.behaved is True,
            detail=drill.detail,
            about=_about(report),
        )


def _name(drill: Drill) -> str:
    return f"drill, {drill.name}: {drill.column}" if drill.column else f"drill, {drill.name}"


def _seen(report: HealthReport) -> Iterator[Criterion]:
    requests = sum(window.traffic.requests for window in report.windows)
    scored = sum(window.performance.rows for window in report.windows if window.performance)
    about, nobody = _about(report), "nothing was logged that this version answered"
    seen = [_enough("requests seen", requests, nobody, about)]
    if report.answered is not None:
        others = "others answered all that was asked"
        seen.append(_enough("rows that this version answered", report.answered, others, about))
    yield from (each if each.measured else beyond_excuse(each) for each in seen)
    yield _enough("rows whose outcome has matured", scored, "no outcome of a logged row is known yet", about)


def _skew(report: HealthReport) -> Iterator[Criterion]:
    """Judge what was compared: a rehearsal must compare; live, a request's offline features are not there yet.

    Where the data ends with the canary nothing was replayed, and gate 6 has judged the canary's own rows.
    """
    skew = report.skew
    if (skew is None and report.scope != REHEARSAL) or (skew is not None and not skew.rows):
        return
    name, nothing = "logged features that differ from those computed offline", "nothing was compared"
    if skew is None or not skew.values:
        yield beyond_excuse(Criterion.at_most(name, measured=None, limit=0, detail=nothing))
        return
    worst = sorted(skew.unequal, key=lambda column: -skew.unequal[column])[:NAMED]
    said = [f"{skew.values:,} values of {skew.rows:,} rows", *worst, *skew.examples[:NAMED]]
    yield beyond_excuse(Criterion.at_most(name, measured=skew.differing, limit=0, detail="; ".join(said)))


def _enough(name: str, seen: int, nothing: str, about: object) -> Criterion:
    """Nothing at all stops; too little to judge by is inconclusive."""
    if 0 < seen < FEWEST_ROWS:
        detail = f"below {FEWEST_ROWS} nothing can be said; let it run on"
        check = check_digest(name, FEWEST_ROWS, about)
        return Criterion(name, seen, FEWEST_ROWS, Outcome.INCONCLUSIVE, detail, check)
    return Criterion.at_least(name, measured=seen, limit=FEWEST_ROWS, detail="" if seen else nothing, about=about)


def _about(report: HealthReport) -> list[str]:
    """What an override holds for: this version, in this scope."""
    return [report.scope, report.bundle]

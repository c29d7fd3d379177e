"""Gate 7: the alarms work, and there was something to watch."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from sluiceway.artifacts.health_report import FAULTS, Drill, HealthReport
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.core.verdict import Criterion, Outcome, Overrides, Verdict, beyond_excuse, check_digest

STAGE_VERSION = 3
# Under so many rows nothing is said of a distribution or a score.
FEWEST_ROWS = 200
NAMED = 3
ANSWERED, MATURED = "new rows that this version answered", "new rows whose outcome has matured"


def gate(report: HealthReport, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:  # noqa: ARG001
    """Stop when a planted fault went unnoticed, the control did not stay silent, or nothing was seen.

    What the report found in the data is no reason to stop: this gate proves that the alarms work. Skew, an alarm that
    was not even tried and a version that nobody asked may not be overridden.
    """
    criteria = chain(_tried(report), _drills(report), _seen(report), _skew(report))
    return Verdict.of(criteria, overrides, now, subject=report.dataset)


def _tried(report: HealthReport) -> Iterator[Criterion]:
    tried = {drill.fault for drill in report.drills}
    lacking = [fault for fault in FAULTS if fault not in tried]
    name, detail = "alarms that were not tried", ", ".join(lacking)
    yield beyond_excuse(Criterion.at_most(name, measured=len(lacking), limit=0, detail=detail))


def _drills(report: HealthReport) -> Iterator[Criterion]:
    """A fault that no column of this model could show has nothing to be judged by; it opens, and is recorded."""
    for drill in report.drills:
        name, limit = _name(drill), drill.expected or "nothing"
        if drill.not_applicable:
            why = f"not applicable: {drill.not_applicable}"
            check = check_digest(name, limit, _about(report))
            yield Criterion(name, "nothing", limit, Outcome.NO_REFERENCE, why, check)
            continue
        yield Criterion.judged(
            name,
            measured=", ".join(drill.fired) or "nothing",
            limit=limit,
            passed=drill.behaved is True,
            detail=drill.detail,
            about=_about(report),
        )


def _name(drill: Drill) -> str:
    return f"drill, {drill.name}: {drill.column}" if drill.column else f"drill, {drill.name}"


def _seen(report: HealthReport) -> Iterator[Criterion]:
    """Judge what came after the reference; where nothing did there is nothing to judge by, which is recorded.

    Live, too little is never enough: it may be that nobody asks, or that outcomes do not come.
    """
    asked, seen, about = sum(window.traffic.requests for window in report.windows), report.seen, _about(report)
    if not asked or seen is None:
        none = Criterion.at_least(ANSWERED, measured=0, limit=FEWEST_ROWS, detail="nothing was logged")
        yield beyond_excuse(none)
        return
    live = report.scope != REHEARSAL
    if seen.rows or live:
        answered = _enough(ANSWERED, seen.rows, "others answered all that was asked", about)
        yield answered if seen.rows else beyond_excuse(answered)
    else:
        yield _few(ANSWERED, 0, "all that was asked is what gate 5 judged by", about, Outcome.NO_REFERENCE)
    if seen.due >= FEWEST_ROWS or (live and seen.matured):
        yield _enough(MATURED, seen.matured, f"none is known, and of {seen.due:,} rows it is due", about)
    else:
        outcome = Outcome.INCONCLUSIVE if live else Outcome.NO_REFERENCE
        yield _few(MATURED, seen.matured, f"of {seen.due:,} rows the outcome is due", about, outcome)


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


def _few(name: str, seen: int, why: str, about: object, outcome: Outcome) -> Criterion:
    return Criterion(name, seen, FEWEST_ROWS, outcome, why, check_digest(name, FEWEST_ROWS, about))


def _enough(name: str, seen: int, nothing: str, about: object) -> Criterion:
    """Nothing at all stops; too little to judge by is inconclusive."""
    if 0 < seen < FEWEST_ROWS:
        detail = f"below {FEWEST_ROWS} nothing can be said; let it run on"
        return _few(name, seen, detail, about, Outcome.INCONCLUSIVE)
    return Criterion.at_least(name, measured=seen, limit=FEWEST_ROWS, detail="" if seen else nothing, about=about)


def _about(report: HealthReport) -> list[str]:
    """What an override holds for: this version, in this scope."""
    return [report.scope, report.bundle]

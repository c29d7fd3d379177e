"""Gate 6: the challenger answers, in time, as well as the champion, to whom it should, from features as in training."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from sluiceway.artifacts.canary_report import ArmEvidence, Bounded, CanaryReport
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.core.verdict import Criterion, Measure, Outcome, Overrides, Verdict, beyond_excuse, check_digest
from sluiceway.declare.spec import Spec
from sluiceway.stats.binomial_bounds import trials_needed

STAGE_VERSION = 3
BROKEN_SPLIT = 0.001
NAMED_AT_MOST = 3
FEWEST_FOR_SHARE = FEWEST_FOR_MEDIAN = 100
FEWEST_FOR_P99 = 299  # as many as an upper bound takes: before that nothing could be promised either
LONG_SILENCE_S = 6 * 3600.0


def gate(report: CanaryReport, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Stop on what is shown to be wrong; say inconclusive where too little was seen to promise that it is right.

    Args:
        report: What the canary showed.
        promise: Holds the service levels and the limits.
        overrides: Every override on record.
        now: Wall time, UTC.
    """
    criteria = chain(_end(report), while_running(report, promise), _skew(report))
    return Verdict.of(criteria, overrides, now, subject=report.dataset)


def while_running(report: CanaryReport, promise: Promise) -> Iterator[Criterion]:
    """Judge what can be judged while the canary goes on; whatever stops here, ends it."""
    spec = promise.spec
    yield from _hours(report, spec)
    yield from _success(report, spec)
    yield from _latency(report, spec)
    yield from _quality(report, spec)
    yield from _split(report)


def _end(report: CanaryReport) -> Iterator[Criterion]:
    goal = "promoted" if report.scope == REHEARSAL else "not aborted"
    outcome = Outcome.STOPPED
    if report.ended_by == "promoted" or (report.ended_by == "running" and report.scope != REHEARSAL):
        outcome = Outcome.PASSED
    elif report.ended_by == "running":
        outcome = Outcome.INCONCLUSIVE
    name = "how the canary ended"
    detail = "; ".join(each for each in (report.reason, report.beside) if each)
    yield _said(report, name, outcome, measured=report.ended_by, limit=goal, detail=detail)


def _hours(report: CanaryReport, spec: Spec) -> Iterator[Criterion]:
    limit = spec.acceptance.min_canary_hours
    walked = ", ".join(f"{step.canary_requests:,} at {100 * step.share:g} %" for step in report.steps)
    outcome = Outcome.PASSED if report.hours >= limit else Outcome.INCONCLUSIVE
    detail = f"canary requests by the canary's share: {walked}"
    if report.traffic is not None and report.traffic.longest_silence_s >= LONG_SILENCE_S:
        detail += f"; nobody asked for {report.traffic.longest_silence_s / 3600:,.1f} hours"
    yield _said(report, "hours of canary traffic", outcome, measured=report.hours, limit=limit, detail=detail)


def _success(report: CanaryReport, spec: Spec) -> Iterator[Criterion]:
    arm, limit = report.challenger_arm, spec.sla.success_rate
    outcome, early = _patient(_above(arm.success, limit), arm.requests, FEWEST_FOR_SHARE)
    detail = f"{arm.requests:,} requests, {arm.failures:,} failed{_named(arm.errors)}{early}{_unread(report)}"
    if outcome is Outcome.INCONCLUSIVE:
        needed = trials_needed(failures=arm.failures, share=limit)
        more = "another" if arm.failures else "a"
        detail += f"; it takes {needed:,}, so {max(needed - arm.requests, 1):,} more without {more} failure"
    name = "share of canary requests answered, lower 95 % bound"
    said = _said(report, name, outcome, measured=arm.success.low, limit=limit, detail=detail)
    yield said if arm.requests else beyond_excuse(said)


def _latency(report: CanaryReport, spec: Spec) -> Iterator[Criterion]:
    ours, theirs = report.challenger_arm, report.champion_arm
    limit, most = spec.sla.latency_p99_ms, spec.acceptance.max_latency_ratio
    detail = f"p99 of {ours.requests:,} requests: {_ms(ours.p99_ms.value)} ms"
    if report.scope == REHEARSAL:
        detail += "; in a rehearsal this is evidence of the code, not of the SLA"
    outcome, early = _patient(_below(ours.p99_ms, limit), ours.requests, FEWEST_FOR_P99)
    name = "p99 latency in ms, upper 95 % bound"
    yield _said(report, name, outcome, measured=ours.p99_ms.high, limit=limit, detail=detail + early)
    ratio = _ratio(ours, theirs)
    detail = f"medians: {_ms(ours.work_ms.value)} ms, champion's {_ms(theirs.work_ms.value)} ms"
    if not theirs.requests:
        detail += f"; the champion answered nothing meanwhile: {_more_for_champion(report)}"
    outcome, early = _patient(_below(ratio, most), min(ours.requests, theirs.requests), FEWEST_FOR_MEDIAN)
    name = "median work on a request, times the champion's, upper 95 % bound"
    yield _said(report, name, outcome, measured=ratio.high, limit=most, detail=detail + early)


def _more_for_champion(report: CanaryReport) -> str:
    if all(step.share >= 1 for step in report.steps):
        return "let the canary begin below 100 % (rollout.canary)"
    return "let each step last longer, or for more requests (rollout.hold, rollout.min_requests)"


def _quality(report: CanaryReport, spec: Spec) -> Iterator[Criterion]:
    seen, limits = report.quality, spec.acceptance
    outcome = Outcome.INCONCLUSIVE if seen.margin is None else _below(seen.difference, seen.margin)
    detail = f"{seen.rows:,} canary rows with a known outcome, {seen.positives:,} positive"
    if seen.champion_log_loss is not None and seen.challenger_log_loss is not None:
        detail += f"; log loss {seen.challenger_log_loss:.4f}, champion's {seen.champion_log_loss:.4f}"
    few = seen.rows < limits.minimum_slice_rows or seen.positives < limits.minimum_slice_positives
    if few and outcome is Outcome.PASSED:
        outcome = Outcome.INCONCLUSIVE
        least = f"{limits.minimum_slice_rows} rows and {limits.minimum_slice_positives} positives"
        detail += f"; nothing is promised on fewer than {least}"
    if not seen.rows:
        detail += "; requests must carry the label's key, and their outcomes must have matured"
    yield _said(
        report,
        "log loss above the champion's, upper 95 % bound",
        outcome,
        measured=seen.difference.high,
        limit=seen.margin,
        rule=limits.max_f1_drop,
        detail=detail,
    )


def _split(report: CanaryReport) -> Iterator[Criterion]:
    split = report.split
    outcome = Outcome.INCONCLUSIVE
    if split.p_value is not None:
        outcome = Outcome.PASSED if split.p_value >= BROKEN_SPLIT else Outcome.STOPPED
    expected = f"{split.expected * split.entities:,.0f} should have been"
    detail = f"{split.on_challenger:,} of {split.entities:,} entities were on the canary, {expected}"
    name = "entities on the canary, p-value of their share"
    said = _said(report, name, outcome, measured=split.p_value, limit=BROKEN_SPLIT, detail=detail)
    yield beyond_excuse(said) if outcome is Outcome.STOPPED else said


def _skew(report: CanaryReport) -> Iterator[Criterion]:
    """Judge only what was compared: live, a request's offline features are not there yet; a rehearsal must compare."""
    skew = report.skew
    if skew is None and report.scope != REHEARSAL:
        return
    compared = 0 if skew is None else skew.values
    detail = "nothing was compared"
    if skew is not None and compared:
        worst = sorted(skew.unequal, key=lambda name: -skew.unequal[name])[:NAMED_AT_MOST]
        detail = "; ".join(
            [f"{compared:,} values of {skew.rows:,} rows", *worst, *skew.examples[:NAMED_AT_MOST]],
        )
    differing = None if skew is None or not compared else skew.differing
    outcome = Outcome.PASSED if differing == 0 else Outcome.STOPPED
    name = "logged features that differ from those computed offline"
    yield beyond_excuse(_said(report, name, outcome, measured=differing, limit=0, detail=detail))


def _above(seen: Bounded, limit: float) -> Outcome:
    """Pass on a low bound at or above a limit, stop on a high one below it, or on NaN."""
    if seen.low is None or seen.high is None:
        return Outcome.INCONCLUSIVE
    if seen.low >= limit:
        return Outcome.PASSED
    return Outcome.INCONCLUSIVE if seen.low < limit <= seen.high else Outcome.STOPPED


def _below(seen: Bounded, limit: float) -> Outcome:
    """Pass on a high bound at or below a limit, stop on a low one above it, or on NaN."""
    if seen.high is not None and seen.high <= limit:
        return Outcome.PASSED
    if seen.low is not None and not seen.low <= limit:
        return Outcome.STOPPED
    return Outcome.INCONCLUSIVE if seen.high is None or seen.high > limit else Outcome.STOPPED


def _patient(outcome: Outcome, requests: int, fewest: int) -> tuple[Outcome, str]:
    """Let nothing stop before so many requests were seen, as a first few tell of starting, and say so."""
    if outcome is not Outcome.STOPPED or requests >= fewest:
        return outcome, ""
    return Outcome.INCONCLUSIVE, f"; it can stop the canary from {fewest:,} requests on"


def _ratio(ours: ArmEvidence, theirs: ArmEvidence) -> Bounded:
    """Bound the ratio of two medians: ours at its best over theirs at its worst, and the other way round."""
    one, other = ours.work_ms, theirs.work_ms
    return Bounded(_over(one.value, other.value), _over(one.low, other.high), _over(one.high, other.low))


def _over(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _said(
    report: CanaryReport,
    name: str,
    outcome: Outcome,
    *,
    measured: Measure,
    limit: Measure,
    detail: str,
    rule: Measure = None,
) -> Criterion:
    """State a criterion; an override of it holds for this challenger, beside this champion, in this scope and limit.

    What makes all the rest worthless may not be overridden: skew, a broken split, a canary that nobody asked.

    ``rule`` is what the spec says where the limit itself is measured.
    """
    check = check_digest(
        name, limit if rule is None else rule, [report.scope, report.challenger.bundle, report.champion.bundle]
    )
    return Criterion(name, measured, limit, outcome, detail, check)


def _named(errors: tuple[str, ...]) -> str:
    return f": {', '.join(errors[:NAMED_AT_MOST])}" if errors else ""


def _unread(report: CanaryReport) -> str:
    seen = report.unread
    lines = "lines" if seen.lines > 1 else "line"
    return f"; {seen.lines:,} {lines} of the log could not be read, the first: {seen.first}" if seen.lines else ""


def _ms(value: float | None) -> str:
    return "?" if value is None else f"{value:.3g}"

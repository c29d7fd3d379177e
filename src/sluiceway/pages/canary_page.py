"""The page of a canary: what was tried out on whom, how both did, who answers now, and what the gate says of it."""

from collections.abc import Sequence

from sluiceway.artifacts.canary_report import ArmEvidence, Bounded, CanaryReport, Look
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.core.verdict import Verdict
from sluiceway.declare.spec import Spec
from sluiceway.pages.bounds_chart import Span, bounds_svg
from sluiceway.pages.canary_timeline import canary_timeline
from sluiceway.pages.criteria_table import criteria_table
from sluiceway.pages.figure import Labels, Line, line_curves
from sluiceway.pages.number_text import moment_text, number_text, percent
from sluiceway.pages.page import Block, Cell, Code, Facts, Figure, Gallery, Note, Page, Section, Table

MOST_FEATURES = 20
ENDED = {
    "promoted": "{challenger} answers everything now; {champion} is kept to roll back to.",
    "aborted": "{champion} answers everything again; {challenger} is out.",
    "running": "{champion} answers, and {challenger} its share.",
}
REHEARSED = (
    "A rehearsal: the real server was asked what was really asked in that time, on a virtual clock. Its latency is "
    "evidence of the code, not of the SLA."
)
LIVE = "Live traffic."
SPLIT = "The entities of the step whose split is the least believable; its p-value is corrected for having been sought."


def canary_html(report: CanaryReport, *, spec: Spec, verdict: Verdict) -> str:
    """Write the page; ``verdict`` is the gate's on this evidence."""
    sections = [
        Section("", [_facts(report)]),
        Section("What the gate says", [criteria_table(verdict.criteria)]),
        Section("Steps", _steps(report)),
        Section("Both arms", _arms(report, spec)),
        Section("Quality", _quality(report, spec)),
        Section("Who was on the canary", [Note(SPLIT), _split(report)]),
        Section("Training and serving", _skew(report)),
        Section("Evidence", [_evidence(report)]),
    ]
    rehearsed = report.scope == REHEARSAL
    return Page(
        title=f"{spec.problem.name}: {'rehearsed' if rehearsed else 'live'} canary of {report.challenger.version}",
        subtitle=f"{spec.problem.statement} {_now(report)} {REHEARSED if rehearsed else LIVE}",
        outcome=verdict.outcome,
        scope="in rehearsal" if rehearsed else "live",
        sections=sections,
        footer=f"canary {report.content_id} · bundles {report.challenger.bundle} · {report.champion.bundle}",
    ).html()


def _now(report: CanaryReport) -> str:
    return ENDED[report.ended_by].format(champion=report.champion.version, challenger=report.challenger.version)


def _facts(report: CanaryReport) -> Facts:
    arm = report.challenger_arm
    return Facts(
        (
            ("Challenger", report.challenger.version),
            ("Champion", report.champion.version),
            ("Ended by", report.ended_by),
            ("Canary", f"{report.hours:,.0f} h"),
            ("Canary requests, failed", f"{arm.requests:,}, {arm.failures:,}"),
        )
    )


def _steps(report: CanaryReport) -> list[Block]:
    rows = [
        (
            percent(step.share),
            moment_text(step.began),
            moment_text(step.ended),
            step.requests,
            step.canary_requests,
            step.canary_failures,
        )
        for step in report.steps
    ]
    columns = ("Share", "From", "Until", "Requests", "On the canary", "Failed there")
    told: list[Block] = [Gallery([Figure(canary_timeline(report))], width_rem=60), Table(columns, rows)]
    return [*told, *(Note(each) for each in (report.reason, report.beside) if each)]


def _arms(report: CanaryReport, spec: Spec) -> list[Block]:
    arms = (report.challenger_arm, report.champion_arm)
    rows = [
        (arm.version, arm.requests, arm.failures, _share(arm.success), _bounded(arm.work_ms), _bounded(arm.p99_ms))
        for arm in arms
    ]
    columns = ("Version", "Requests", "Failed", "Success", "Median work, ms", "p99 latency, ms")
    drawn = [
        Figure(_success(arms, spec), "Share of requests answered", "with one-sided 95 % bounds"),
        Figure(_latency(arms, spec), "Work and latency in ms, inside the server", "with one-sided 95 % bounds"),
    ]
    failed = [Table((f"What failed with {arms[0].version}",), [(each,) for each in arms[0].errors])]
    figures = [figure for figure in drawn if figure.svg]
    return [Table(columns, rows), *([Gallery(figures)] if figures else []), *(failed if arms[0].errors else [])]


def _success(arms: Sequence[ArmEvidence], spec: Spec) -> str:
    spans = [
        Span(arm.version, arm.success.value, arm.success.low, arm.success.high, colour)
        for arm, colour in zip(arms, ("accent", "then"), strict=True)
    ]
    return bounds_svg(spans, name="Share of requests answered", limit=spec.sla.success_rate)


def _latency(arms: Sequence[ArmEvidence], spec: Spec) -> str:
    spans = [
        Span(f"{name}, {arm.version}", seen.value, seen.low, seen.high, colour)
        for name in ("work, median", "latency, p99")
        for arm, colour in zip(arms, ("accent", "then"), strict=True)
        for seen in (arm.work_ms if name == "work, median" else arm.p99_ms,)
    ]
    return bounds_svg(spans, name="Latency in ms", limit=spec.sla.latency_p99_ms, logarithmic=True)


def _bounded(seen: Bounded) -> str:
    low, high = (number_text(end) for end in (seen.low, seen.high))
    return f"{number_text(seen.value)} ({low} to {high})" if seen.value is not None else number_text(None)


def _share(seen: Bounded) -> str:
    told = f"{percent(seen.value)} ({percent(seen.low)} to {percent(seen.high)})"
    return told if seen.value is not None else percent(None)


def _quality(report: CanaryReport, spec: Spec) -> list[Block]:
    seen = report.quality
    if not seen.rows:
        return [Note("No outcome of the canary's requests is known yet.")]
    rows: list[tuple[Cell, ...]] = [
        ("log loss", seen.challenger_log_loss, seen.champion_log_loss),
        (f"cost per row, {spec.costs.currency}", seen.challenger_cost, seen.champion_cost),
    ]
    words = (
        f"{seen.rows:,} rows of the canary whose outcome has matured, {seen.positives:,} of them positive. The log "
        f"loss may exceed the champion's by {number_text(seen.margin)}; it differs by {_bounded(seen.difference)}, "
        "with bounds that hold at every look at once."
    )
    table = Table(("Per row", report.challenger.version, report.champion.version), rows)
    curve = _looks(report.looks, report)
    return [
        Note(words),
        table,
        *([Gallery([Figure(curve, "Log loss above the champion's", "nats a row, at each look")])] if curve else []),
    ]


def _looks(looks: Sequence[Look], report: CanaryReport) -> str:
    """Draw the bounds at every look that had some, over the hours of the canary."""
    told = [
        (
            (look.at - report.began).total_seconds() / 3600,
            look.difference.low,
            look.difference.value,
            look.difference.high,
        )
        for look in looks
        if look.difference.low is not None and look.difference.value is not None and look.difference.high is not None
    ]
    if len(told) < 2:  # noqa: PLR2004 - one point makes no line
        return ""
    hours, low, value, high = (tuple(float(each or 0.0) for each in column) for column in zip(*told, strict=True))
    margin = report.quality.margin or 0.0
    lines = [
        Line("allowed", (hours[0], hours[-1]), (margin, margin), colour="faint", dashed=True),
        Line("low bound", hours, low, colour="soft"),
        Line("high bound", hours, high, colour="then"),
        Line("difference", hours, value),
    ]
    return line_curves(lines, Labels("Log loss above the champion's, by look", "hours of the canary", ""))


def _split(report: CanaryReport) -> Facts:
    split = report.split
    return Facts(
        (
            ("Entities seen", split.entities),
            ("On the canary", split.on_challenger),
            ("Should be", split.expected * split.entities),
            ("p-value", split.p_value),
        )
    )


def _skew(report: CanaryReport) -> list[Block]:
    skew = report.skew
    if skew is None:
        return [Note("Logged features were not compared with those computed offline.")]
    words = f"{skew.values:,} logged values of {skew.rows:,} rows beside those computed offline as of each request: "
    if not skew.differing:
        return [Note(f"{words}all are equal.")]
    worst = sorted(skew.unequal.items(), key=lambda item: -item[1])[:MOST_FEATURES]
    examples = [Code("\n".join(skew.examples))] if skew.examples else []
    return [Note(f"{words}{skew.differing:,} differ."), Table(("Feature", "Rows that differ"), worst), *examples]


def _evidence(report: CanaryReport) -> Table:
    rows: list[tuple[Cell, ...]] = [
        ("From", moment_text(report.began)),
        ("Until", moment_text(report.ended)),
        ("The log ends", moment_text(report.until)),
        ("Logged rows", report.requests.rows or None),
        ("Table of requests", Code(report.requests.content_id[:12] or "not stored")),
        ("Dataset", Code(report.dataset[:12])),
    ]
    return Table(("What", "Found"), rows)

"""The page of a health report: what moved, since when, what it costs, and whether the alarms work."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluiceway.artifacts.health_report import (
    ALERT,
    DRIFT,
    INCONCLUSIVE,
    SEASONAL,
    Alert,
    Drill,
    FeatureDrift,
    HealthReport,
    ViewHealth,
    Window,
)
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.core.verdict import Criterion, Outcome, Verdict
from sluiceway.declare.spec import Spec
from sluiceway.pages.criteria_table import criteria_table
from sluiceway.pages.health_headline import headline, period, short_period
from sluiceway.pages.histogram import Histogram, histogram_svg
from sluiceway.pages.moved_columns import LEGEND, moved_columns, psi_text
from sluiceway.pages.number_text import moment_text, since_text
from sluiceway.pages.page import (
    Block,
    Cell,
    Code,
    Facts,
    Figure,
    Gallery,
    Lead,
    Note,
    Notice,
    Notices,
    Page,
    Section,
    Shade,
    Table,
)
from sluiceway.pages.performance_blocks import DailyCost, performance_blocks
from sluiceway.pages.served_views import SERVED_LEGEND, is_ill, served_text, served_views

DEEPEST = 1.0
THEN_AND_NOW = "Bars: share of rows now. Line: the reference."
SHADES = {DRIFT: "bad", SEASONAL: "known"}


@dataclass(frozen=True, slots=True)
class HealthCharts:
    """What the page draws: predictions by window, the columns that moved most, and the cost of each day."""

    predictions: tuple[Histogram, ...]
    moved: tuple[Histogram, ...]
    reference_days: DailyCost
    days: DailyCost


def health_html(report: HealthReport, charts: HealthCharts, *, spec: Spec, verdict: Verdict) -> str:
    """Write the page; ``verdict`` is the gate's on this report."""
    rehearsed = report.scope == REHEARSAL
    where = "in a rehearsal" if rehearsed else "live"
    sections = [
        Section("", [Lead(headline(report, currency=spec.costs.currency)), _facts(report), *_left_out(report)]),
        Section("What to know", _alerts(report)),
        Section("Train again?", [f"{reason}." for reason in report.decision.reasons]),
        Section("What moved", _heat(report.windows)),
        *_columns(charts),
        *_views(report.windows),
        Section("Predictions, then and now", _predictions(charts)),
        Section("F1 and cost", performance_blocks(report.windows, spec, then=charts.reference_days, now=charts.days)),
        Section("Requests", [_traffic(report.windows)]),
        Section("Drills", _drills(report)),
        Section("What else the gate says", [criteria_table(_beside_drills(verdict))]),
    ]
    return Page(
        title=f"{spec.problem.name}: health, {where}",
        subtitle=f"{spec.problem.statement} Version {report.version}, {moment_text(report.began)} to "
        f"{moment_text(report.ended)}, beside the rows that gate 5 judged it on.",
        outcome=verdict.outcome,
        scope="in rehearsal" if rehearsed else "live",
        sections=sections,
        footer=f"health {report.content_id} · bundle {report.bundle} · reference {report.reference}",
    ).html()


def _left_out(report: HealthReport) -> list[Block]:
    """Say so where windows are so short that only the last ones are watched."""
    first = report.details.get("earlier_left_out")
    if first is None:
        return []
    return [Note(f"The last {len(report.windows)} windows are watched; requests were logged since {first}.")]


def _beside_drills(verdict: Verdict) -> list[Criterion]:
    """The criteria that the table of drills does not show."""
    return [criterion for criterion in verdict.criteria if not criterion.name.startswith("drill, ")]


def _facts(report: HealthReport) -> Facts:
    sent = sum(alert.severity == ALERT for window in report.windows for alert in window.alerts)
    noted = sum(len(window.alerts) for window in report.windows) - sent
    planted = [drill for drill in report.drills if not drill.not_applicable]
    behaved = sum(drill.behaved for drill in planted)
    return Facts(
        (
            ("Train again", "yes" if report.decision.retrain else "no"),
            ("Alerts, warnings", f"{sent}, {noted}"),
            ("Requests", sum(window.traffic.requests for window in report.windows)),
            ("Drills as they should", f"{behaved} of {len(planted)}"),
            ("Reference rows", f"{int(report.details.get('reference_rows', 0)):,}"),
            ("Version", Code(report.version)),
            *([("Looked at", report.details["looked_at"])] if "looked_at" in report.details else []),
            *([("Not watched", report.details["not_watched"])] if "not_watched" in report.details else []),
        )
    )


def _alerts(report: HealthReport) -> list[Block]:
    """List what was sent, then what was only noted, newest window first."""
    told = [(window, alert) for window in reversed(report.windows) for alert in window.alerts]
    if not told:
        return [Note("Nothing: no measure left its limits.")]
    told.sort(key=lambda each: each[1].severity != ALERT)
    return [Notices([_notice(window, alert) for window, alert in told])]


def _notice(window: Window, alert: Alert) -> Notice:
    word = Shade("alert", "bad", 0.5) if alert.severity == ALERT else Shade("warning", "known", 0.5)
    names_column = alert.message.startswith(alert.subject)
    said = alert.message if names_column else alert.message[:1].upper() + alert.message[1:]
    return Notice(word, f"{said}.", period(window) + since_text(alert.since))


def _heat(windows: Sequence[Window]) -> list[Block]:
    """Set columns beside windows, each cell the deeper, the farther the column moved."""
    if not windows:
        return [Note("No window has been watched yet.")]
    rows = [(name, *map(_shade, found)) for name, found in moved_columns(windows)]
    words = Note(f"PSI of each column against the reference, those that moved most first. {LEGEND}.")
    return [words, Table(("Column", *map(short_period, windows)), rows, is_narrow=True)]


def _shade(drift: FeatureDrift | None) -> Cell:
    if drift is None or drift.psi is None or drift.verdict == INCONCLUSIVE:
        return Shade(psi_text(drift), "plain", 0.0)
    return Shade(psi_text(drift), SHADES.get(drift.verdict, "plain"), min(drift.psi / DEEPEST, 1.0))


def _views(windows: Sequence[Window]) -> list[Section]:
    """Set views beside windows; nothing where the model has none."""
    rows: list[tuple[Cell, ...]] = [(name, *map(_served, found)) for name, found in served_views(windows)]
    table = Table(("View", *map(short_period, windows)), rows)
    return [Section("Views, as they were served", [Note(f"{SERVED_LEGEND}."), table])] if rows else []


def _served(view: ViewHealth | None) -> Shade:
    return Shade(served_text(view), "bad", 0.5) if is_ill(view) else Shade(served_text(view), "plain", 0.0)


def _columns(charts: HealthCharts) -> list[Section]:
    """Draw the columns that moved, then and now."""
    if not charts.moved:
        return []
    drawn = [Figure(histogram_svg(each), each.column, each.note) for each in charts.moved]
    return [Section("Columns that moved most", [Note(THEN_AND_NOW), Gallery(drawn, width_rem=10)])]


def _predictions(charts: HealthCharts) -> list[Block]:
    if not charts.predictions:
        return [Note("Nothing was predicted yet.")]
    drawn = [Figure(histogram_svg(each), each.column, each.note) for each in charts.predictions]
    return [Note(f"Predicted probability. {THEN_AND_NOW}"), Gallery(drawn, width_rem=10)]


def _traffic(windows: Sequence[Window]) -> Block:
    if not windows:
        return Note("No request was logged.")
    rows = [
        (period(window), each.requests, each.failures, each.p50_ms, each.p95_ms, each.p99_ms)
        for window, each in ((window, window.traffic) for window in windows)
    ]
    return Table(("Window", "Requests", "Failed", "p50, ms", "p95, ms", "p99, ms"), rows)


def _drills(report: HealthReport) -> list[Block]:
    words = (
        "Faults planted into a copy of the reference, and watched as everything else is. Each must raise its alert and "
        "name its column; the control must raise none."
    )
    rows = [
        (
            _outcome(drill),
            drill.name,
            drill.column or None,
            f"not applicable: {drill.not_applicable}" if drill.not_applicable else ", ".join(drill.fired) or "nothing",
        )
        for drill in report.drills
    ]
    return [Note(words), Table(("", "Planted", "Into", "Said"), rows)]


def _outcome(drill: Drill) -> Outcome:
    if drill.not_applicable:
        return Outcome.NO_REFERENCE
    return Outcome.PASSED if drill.behaved else Outcome.STOPPED

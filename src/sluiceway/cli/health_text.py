"""Health reports as people read them."""

from sluiceway.artifacts.health_report import HealthReport
from sluiceway.cli.answer import table_lines
from sluiceway.pages.health_headline import headline, is_judged, is_nothing_new, period, short_period
from sluiceway.pages.moved_columns import LEGEND, moved_columns, psi_text
from sluiceway.pages.number_text import since_text
from sluiceway.pages.served_views import SERVED_LEGEND, served_text, served_views

MOST_WINDOWS = 8


def said(report: HealthReport, currency: str) -> list[str]:
    """The headline, what else was told of, and why or why not to train again."""
    where = "rehearsal" if report.scope == "rehearsal" else "live"
    lines = [f"{report.version}, {where}: {headline(report, currency=currency)}", ""]
    for window in reversed(report.windows):
        when = period(window)
        lines += [f"  {each.severity:<8}{when}{since_text(each.since)}: {each.message}" for each in window.alerts]
    decided = "Train again:" if report.decision.retrain else "No need to train again:"
    if not (is_judged(report) or is_nothing_new(report)):
        decided = "Whether to train again cannot be said:"
    return [*lines, "", decided, *(f"  {reason}" for reason in report.decision.reasons)]


def moved_lines(report: HealthReport) -> list[str]:
    """Set columns beside the newest windows, with the PSI of each, and views with how fresh and full they were."""
    windows = report.windows[-MOST_WINDOWS:]
    rows = [(name, *map(psi_text, found)) for name, found in moved_columns(windows)]
    lines = [*table_lines(("PSI", *map(short_period, windows)), rows), "", LEGEND]
    views = [(name, *map(served_text, found)) for name, found in served_views(windows)]
    if not views:
        return lines
    return [*lines, "", *table_lines(("served", *map(short_period, windows)), views), "", SERVED_LEGEND]

"""F1 and cost by window beside what was declared: a table, and the cost of each day."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluiceway.artifacts.health_report import ALERT, COST, PERFORMANCE, Interval, Performance, Window
from sluiceway.declare.spec import Spec
from sluiceway.pages.bounds_chart import Span, bounds_svg
from sluiceway.pages.daily_chart import Days, daily_svg
from sluiceway.pages.health_headline import period, short_period
from sluiceway.pages.number_text import number_text, percent
from sluiceway.pages.page import Block, Cell, Figure, Gallery, Note, Table

LINES = "Orange: the reference; blue: the log; dashed: declared."
BOUNDS = "Line: 95 % bounds; dotted: the limit."


@dataclass(frozen=True, slots=True)
class DailyCost:
    """Mean cost of a row on each day (ISO dates, ascending), in the spec's currency."""

    days: tuple[str, ...]
    cost: tuple[float, ...]


def performance_blocks(windows: Sequence[Window], spec: Spec, *, then: DailyCost, now: DailyCost) -> list[Block]:
    """Set each window's matured outcomes beside what was declared; ``then`` and ``now`` are the days of both sides."""
    scored = [(window, window.performance) for window in windows if window.performance is not None]
    if not scored:
        return [Note("No outcome of a logged row is known yet.")]
    currency, declared = spec.costs.currency, scored[0][1]
    words = (
        f"Declared by gate 5: F1 {number_text(declared.reference_f1)}, {number_text(declared.reference_cost)} "
        f"{currency} a request. Changes are relative; their 95 % bounds come from drawing whole days again and again."
    )
    a_request, in_all = f"{currency} a request", f"{currency} more in all"
    heads = ("Window", "Outcomes", "Matured", "F1", "Change", a_request, "Change", in_all)
    table = Table(heads, [_row(window, each) for window, each in scored])
    series = [Days(then.days, then.cost, "then"), Days(now.days, now.cost, "accent")]
    svg = daily_svg(series, name="Cost", promised=declared.reference_cost, change=_change(windows))
    days = [Figure(svg, f"{a_request}, by day", LINES)] if svg else []
    return [Note(words), table, Gallery([*days, *_bounds_figures(windows, spec)], width_rem=20)]


def _row(window: Window, scored: Performance) -> tuple[Cell, ...]:
    return (
        period(window),
        scored.rows,
        percent(scored.matured),
        scored.f1,
        _bounds(scored.f1_change),
        scored.cost,
        _bounds(scored.cost_change),
        round(scored.extra_cost) if scored.extra_cost is not None else None,
    )


def _bounds_figures(windows: Sequence[Window], spec: Spec) -> list[Figure]:
    limit = 100 * spec.acceptance.max_f1_drop
    drawn = (("Change of the cost, %", COST, limit), ("Change of F1, %", PERFORMANCE, -limit))
    figures = [(name, bounds_svg(_changes(windows, kind), name=name, limit=end)) for name, kind, end in drawn]
    return [Figure(svg, name, BOUNDS) for name, svg in figures if svg]


def _changes(windows: Sequence[Window], kind: str) -> list[Span]:
    """The change of each window in percent, set apart where it was told."""
    found = []
    for window in windows:
        scored = window.performance
        if scored is not None:
            change = scored.cost_change if kind == COST else scored.f1_change
            ends = (change.change, change.low, change.high)
            value, low, high = (None if end is None else round(100 * end, 1) for end in ends)
            told = any(alert.kind == kind and alert.severity == ALERT for alert in window.alerts)
            found.append(Span(short_period(window), value, low, high, "stopped" if told else "accent"))
    return found


def _change(windows: Sequence[Window]) -> str:
    """The day since which the newest alert or warning on cost holds."""
    days = [alert.since for window in windows for alert in window.alerts if alert.kind == COST and alert.since]
    return f"{days[-1]:%Y-%m-%d}" if days else ""


def _bounds(change: Interval) -> str | None:
    if change.change is None:
        return None
    if change.low is None or change.high is None:
        return f"{change.change:+.1%}"
    return f"{change.change:+.1%} ({change.low:+.0%} to {change.high:+.0%})"

"""A chart of days: a measure then and now, day by day, beside what was promised, with the day on which it changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from math import floor, log10

WIDTH, HEIGHT, LEFT, TOP, BASE = 400.0, 190.0, 34.0, 20.0, 168.0
# A line through days further apart than this would tell of days that nobody saw.
GAP_DAYS = 3
TICKS = 4


@dataclass(frozen=True, slots=True)
class Days:
    """A value for each of some days (ISO dates, ascending), drawn in one of the page's colours."""

    days: Sequence[str]
    values: Sequence[float]
    colour: str


def daily_svg(series: Sequence[Days], *, name: str, promised: float, change: str = "") -> str:
    """Draw lines over days, the promised value as a dashed line, and the day of a change as an upright one."""
    days = [date.fromisoformat(day) for each in series for day in each.days]
    values = [value for each in series for value in each.values]
    if not days:
        return ""
    frame = _Frame(min(days).toordinal(), max(days).toordinal(), _round_above(max([*values, promised])))
    described = f"{name} by day; dashed: declared{f'; upright: change on {change}' if change else ''}."
    return "".join(
        [
            f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" xmlns="http://www.w3.org/2000/svg">',
            f"<title>{escape(name)}</title><desc>{escape(described)}</desc>",
            *_grid(frame),
            *(_line(each, frame) for each in series),
            f'<path d="M{LEFT:g} {frame.y(promised):.1f}H{WIDTH:g}" stroke="var(--soft)" stroke-dasharray="5 4"/>',
            _change(change, frame) if change else "",
            *_months(frame),
            "</svg>",
        ]
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """From the first to the last day (ordinals) along, from 0 to ``top`` up."""

    first: int
    last: int
    top: float

    def x(self, day: int) -> float:
        return LEFT + (WIDTH - LEFT - 4) * (day - self.first) / max(self.last - self.first, 1)

    def y(self, value: float) -> float:
        return BASE - (BASE - TOP) * value / self.top


def _round_above(value: float) -> float:
    """The least of 1, 2, 4, 6 or 8 times a power of ten that a value does not pass: its quarters are short to write."""
    if not value > 0:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(power * step for step in (1, 2, 4, 6, 8, 10) if value <= power * step)


def _grid(frame: _Frame) -> list[str]:
    drawn = []
    for step in range(TICKS + 1):
        value = frame.top * step / TICKS
        height = frame.y(value)
        drawn.append(f'<path d="M{LEFT:g} {height:.1f}H{WIDTH:g}" stroke="var(--rule)" stroke-width="1"/>')
        drawn.append(_text(f"{value:.3g}", LEFT - 4, height + 3.5, "end"))
    return drawn


def _line(series: Days, frame: _Frame) -> str:
    drawn, before = [], -GAP_DAYS
    for day, value in zip(series.days, series.values, strict=True):
        place = date.fromisoformat(day).toordinal()
        step = "L" if place - before <= GAP_DAYS else "M"
        drawn.append(f"{step}{frame.x(place):.1f} {frame.y(value):.1f}")
        before = place
    path = "".join(drawn)
    return f'<path d="{path}" fill="none" stroke="var(--{series.colour})" stroke-width="1.4"/>' if path else ""


def _change(day: str, frame: _Frame) -> str:
    place = frame.x(date.fromisoformat(day).toordinal())
    anchor, shift = ("end", -4) if place > WIDTH / 2 else ("start", 4)
    line = f'<path d="M{place:.1f} {TOP - 6:g}V{BASE:g}" stroke="var(--stopped)" stroke-width="1.4"/>'
    return line + _text(f"since {day}", place + shift, TOP - 8, anchor, colour="stopped")


def _months(frame: _Frame) -> list[str]:
    """Name the months below their first days, as many as have room."""
    firsts = [day for day in range(frame.first, frame.last + 1) if date.fromordinal(day).day == 1]
    named = firsts[:: max(-(-len(firsts) // 7), 1)] or [frame.first]
    drawn = [_text(f"{date.fromordinal(day):%b %Y}", frame.x(day), BASE + 15, "start") for day in named]
    return [*drawn, f'<path d="M{LEFT:g} {BASE:g}H{WIDTH:g}" stroke="var(--faint)" stroke-width="1"/>']


def _text(said: str, x: float, y: float, anchor: str, *, colour: str = "soft") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="10.5" fill="var(--{colour})">{escape(said)}</text>'

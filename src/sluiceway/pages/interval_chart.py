"""A chart of intervals: relative changes with their bounds, one below the other, beside the limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, STEP, TOP = 400.0, 92.0, 30.0, 26.0
LEAST = 0.1


@dataclass(frozen=True, slots=True)
class Whisker:
    """A relative change with its bounds; ``is_bad`` sets it apart."""

    name: str
    change: float
    low: float | None
    high: float | None
    is_bad: bool = False


def interval_svg(whiskers: Sequence[Whisker], *, name: str, limit: float) -> str:
    """Draw each change as a dot on the line between its bounds; ``limit`` is signed, and drawn dotted."""
    ends = [value for each in whiskers for value in (each.change, each.low, each.high) if value is not None]
    if not ends:
        return ""
    frame = _Frame(min([*ends, limit, -LEAST]), max([*ends, limit, LEAST]))
    height = TOP + STEP * len(whiskers) + 18
    rows = [_row(each, frame, TOP + STEP * (place + 0.5)) for place, each in enumerate(whiskers)]
    return "".join(
        [
            f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" xmlns="http://www.w3.org/2000/svg">',
            f"<title>{escape(name)}</title><desc>Relative change with 95 % bounds; dotted: the limit.</desc>",
            _upright(frame.x(0.0), height, "var(--faint)", ""),
            _upright(frame.x(limit), height, "var(--stopped)", ' stroke-dasharray="2 3"'),
            _text("as declared", frame.x(0.0), TOP - 14, "middle"),
            *rows,
            "</svg>",
        ]
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    low: float
    high: float

    def x(self, change: float) -> float:
        return LEFT + (WIDTH - LEFT - 44) * (change - self.low) / (self.high - self.low)


def _row(each: Whisker, frame: _Frame, y: float) -> str:
    colour = "stopped" if each.is_bad else "accent"
    low, high = (each.change if end is None else end for end in (each.low, each.high))
    line = f'<path d="M{frame.x(low):.1f} {y:.1f}H{frame.x(high):.1f}" stroke="var(--{colour})" stroke-width="2"/>'
    dot = f'<circle cx="{frame.x(each.change):.1f}" cy="{y:.1f}" r="4" fill="var(--{colour})"/>'
    said = _text(f"{each.change:+.0%}", frame.x(max(high, each.change)) + 7, y + 3.5, "start", colour="ink")
    return line + dot + _text(each.name, 0, y + 3.5, "start") + said


def _upright(x: float, height: float, colour: str, more: str) -> str:
    return f'<path d="M{x:.1f} {TOP - 8:g}V{height - 14:g}" stroke="{colour}" stroke-width="1"{more}/>'


def _text(said: str, x: float, y: float, anchor: str, *, colour: str = "soft") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="11" fill="var(--{colour})">{escape(said)}</text>'

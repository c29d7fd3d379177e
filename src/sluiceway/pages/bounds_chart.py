"""A chart of bounds: values between their bounds, one below the other, beside a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10

from sluiceway.pages.number_text import number_text

WIDTH, LEFT, RIGHT, STEP, TOP = 400.0, 60.0, 58.0, 28.0, 24.0
LETTER, WIDEST = 6.3, 170.0
ROOM = 0.06
DOTTED = 'stroke="var(--stopped)" stroke-dasharray="2 3"'


@dataclass(frozen=True, slots=True)
class Span:
    """A value with its bounds, in any unit; ``None`` where nothing can be said. ``colour`` is one of the page's."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    colour: str = "accent"


def bounds_svg(spans: Sequence[Span], *, name: str, limit: float, logarithmic: bool = False) -> str:
    """Draw each value as a dot on the line between its bounds, and the limit as a dotted line.

    Args:
        spans: From the top down.
        name: What is measured, in which unit.
        limit: In the same unit.
        logarithmic: Tenfold steps are equally far apart; values must be above 0.
    """
    ends = [end for each in spans for end in (each.value, each.low, each.high) if end is not None]
    if not ends or (logarithmic and min(*ends, limit) <= 0):
        return ""
    left = min(max(LEFT, *(LETTER * len(each.name) + 10 for each in spans)), WIDEST)
    axis = _Axis.holding([*ends, limit], logarithmic, left)
    height = TOP + STEP * len(spans) + 8
    return "".join(
        [
            f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" xmlns="http://www.w3.org/2000/svg">',
            f"<title>{escape(name)}</title><desc>{escape(name)} with one-sided 95 % bounds; dotted: the limit.</desc>",
            f'<path d="M{axis.x(limit):.1f} {TOP - 8:g}V{height - 4:g}" {DOTTED}/>',
            _text(f"limit {number_text(limit)}", axis.x(limit), TOP - 13, axis.anchor(limit)),
            *(_row(each, axis, TOP + STEP * (place + 0.5)) for place, each in enumerate(spans)),
            "</svg>",
        ]
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    first: float
    last: float
    logarithmic: bool
    left: float

    @classmethod
    def holding(cls, values: Sequence[float], logarithmic: bool, left: float) -> "_Axis":
        """An axis with a little room on both sides, to the right of the names."""
        placed = [log10(value) if logarithmic else value for value in values]
        low, high = min(placed), max(placed)
        room = ROOM * ((high - low) or abs(high) or 1.0)
        return cls(low - room, high + room, logarithmic, left)

    def x(self, value: float) -> float:
        """How far to the right a value lies."""
        placed = log10(value) if self.logarithmic else value
        return self.left + (WIDTH - self.left - RIGHT) * (placed - self.first) / (self.last - self.first)

    def anchor(self, value: float) -> str:
        """On which side of a value its words have room."""
        return "end" if self.x(value) > (self.left + WIDTH) / 2 else "start"


def _row(each: Span, axis: _Axis, y: float) -> str:
    name = _text(each.name, 0, y + 3.5, "start")
    if each.value is None:
        return name + _text("too little was seen", axis.left, y + 3.5, "start")
    low, high = (each.value if end is None else end for end in (each.low, each.high))
    line = f'<path d="M{axis.x(low):.1f} {y:.1f}H{axis.x(high):.1f}" stroke="var(--{each.colour})" stroke-width="2"/>'
    dot = f'<circle cx="{axis.x(each.value):.1f}" cy="{y:.1f}" r="4" fill="var(--{each.colour})"/>'
    said = _text(number_text(each.value), max(axis.x(high), axis.x(each.value)) + 7, y + 3.5, "start", colour="ink")
    return name + line + dot + said


def _text(said: str, x: float, y: float, anchor: str, *, colour: str = "soft") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="11" fill="var(--{colour})">{escape(said)}</text>'

"""Figures: charts as inline SVG that follow the page's colours, light or dark.

The same data draws the same bytes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

# Matplotlib wants colours by value; each of these is replaced by the page's variable of that name.
COLOURS = {
    "ink": "#010203",
    "soft": "#010204",
    "faint": "#010205",
    "rule": "#010206",
    "accent": "#010207",
    "then": "#010208",
}
SIZE_INCHES = (5.2, 3.3)


@dataclass(frozen=True, slots=True)
class Line:
    """A named curve. ``colour`` is one of the page's: accent, then, faint, soft, ink."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = "accent"
    dashed: bool = False
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """What a chart says in words; ``description`` is for those who cannot see it."""

    title: str
    x: str
    y: str
    description: str = ""


def line_curves(lines: Sequence[Line], labels: Labels, *, marks: Mapping[str, float] | None = None) -> str:
    """Draw curves over one pair of axes, with upright ``marks`` (name to x) where given."""
    canvas, axes = _canvas(labels)
    for line in lines:
        dash, dot = "--" if line.dashed else "-", "o" if line.dots else ""
        axes.plot(
            line.x,
            line.y,
            label=line.name,
            color=COLOURS[line.colour],
            linewidth=1.6,
            linestyle=dash,
            marker=dot,
            markersize=4,
        )
    for name, place in (marks or {}).items():
        axes.axvline(place, color=COLOURS["soft"], linewidth=1, linestyle=":", label=name)
    if lines:
        axes.legend(frameon=False, labelcolor=COLOURS["ink"], fontsize=9)
    return _svg(canvas, labels)


def calibration(lines: Sequence[Line], labels: Labels) -> str:
    """Draw observed shares over predicted probabilities, both 0 to 1, with the diagonal of honesty."""
    diagonal = Line("perfect", (0.0, 1.0), (0.0, 1.0), colour="faint", dashed=True)
    return line_curves([diagonal, *lines], labels)


def _canvas(labels: Labels) -> "tuple[Canvas, Axes]":
    """Make axes without pyplot, which would keep every figure alive.

    Margins are fixed, as a layout engine doubles the time a figure takes.
    """
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=SIZE_INCHES)
    canvas.subplots_adjust(left=0.12, right=0.985, top=0.975, bottom=0.15)
    axes = canvas.add_subplot()
    axes.set_xlabel(labels.x, color=COLOURS["soft"], fontsize=9)
    axes.set_ylabel(labels.y, color=COLOURS["soft"], fontsize=9)
    axes.tick_params(colors=COLOURS["soft"], labelsize=8.5, length=3)
    axes.grid(visible=True, color=COLOURS["rule"], linewidth=0.7)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(COLOURS["faint"])
    return canvas, axes


def _svg(canvas: "Canvas", labels: Labels) -> str:
    from matplotlib import rc_context

    written = StringIO()
    nameless = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": labels.title}):
        canvas.savefig(written, format="svg", transparent=True, metadata=nameless)
    return _adopt(written.getvalue(), labels)


def _adopt(svg: str, labels: Labels) -> str:
    """Fit a drawing into the page: its colours, its font, its width, a name for screen readers."""
    body = svg[svg.index("<svg") :]
    for name, colour in COLOURS.items():
        body = body.replace(colour, f"var(--{name})")
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"| height="[^"]*pt"', r"\1", body, count=2)
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    named = f"<title>{escape(labels.title)}</title><desc>{escape(labels.description or labels.title)}</desc>"
    return re.sub(r"(<svg[^>]*)>", lambda found: f'{found[1]} role="img">{named}', body, count=1)

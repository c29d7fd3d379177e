"""Lineage charts: what is made from what, in columns from left to right, as SVG in the page's colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

ROW, WIDTH, GAP, TOP = 26, 250, 90, 34
TEXT_AT, CHARACTERS = 10, 36


@dataclass(frozen=True, slots=True)
class Layer:
    """One column of the chart: its heading, and the names in it, from the top down."""

    heading: str
    names: Sequence[str]


def lineage_chart(layers: Sequence[Layer], edges: Sequence[tuple[str, str]], *, title: str) -> str:
    """Draw layers side by side, and a line for each edge from a name to one of the next layer.

    Args:
        layers: From the origins to what is made of them; no name is in two.
        edges: Pairs of names; those of other layers than neighbours are left out.
        title: What the chart is of, for those who cannot see it.
    """
    height = TOP + ROW * max((len(layer.names) for layer in layers), default=0)
    places = _places(layers, height)
    width = len(layers) * WIDTH + (len(layers) - 1) * GAP
    lines = [_line(places[before], places[after]) for before, after in edges if _are_next(places, before, after)]
    boxes = [_box(name, *places[name]) for layer in layers for name in layer.names]
    heads = [
        f'<text x="{index * (WIDTH + GAP)}" y="14" fill="var(--soft)" font-size="12">{escape(layer.heading)}</text>'
        for index, layer in enumerate(layers)
    ]
    told = "; ".join(f"{escape(before)} to {escape(after)}" for before, after in edges)
    named = f"<title>{escape(title)}</title><desc>{told}</desc>"
    body = "".join([*heads, *lines, *boxes])
    return f'<svg viewBox="0 0 {width} {height + 4}" role="img" style="max-width:{width}px">{named}{body}</svg>'


def _places(layers: Sequence[Layer], height: int) -> dict[str, tuple[int, float]]:
    """Put each name somewhere, the shorter layers in the middle."""
    found: dict[str, tuple[int, float]] = {}
    for index, layer in enumerate(layers):
        free = (height - TOP - ROW * len(layer.names)) / 2
        found |= {name: (index * (WIDTH + GAP), TOP + free + ROW * row) for row, name in enumerate(layer.names)}
    return found


def _are_next(places: Mapping[str, tuple[int, float]], before: str, after: str) -> bool:
    return before in places and after in places and places[after][0] - places[before][0] == WIDTH + GAP


def _line(start: tuple[int, float], end: tuple[int, float]) -> str:
    left, up, right, down = start[0] + WIDTH, start[1] + ROW / 2 - 3, end[0], end[1] + ROW / 2 - 3
    middle = (left + right) / 2
    path = f"M{left} {up:g}C{middle:g} {up:g} {middle:g} {down:g} {right} {down:g}"
    return f'<path d="{path}" fill="none" stroke="var(--accent-soft)" stroke-width="1.4"/>'


def _box(name: str, x: int, y: float) -> str:
    shown = name if len(name) <= CHARACTERS else f"{name[: CHARACTERS - 1]}…"
    frame = (
        f'<rect x="{x}" y="{y:g}" width="{WIDTH}" height="{ROW - 6}" rx="4" fill="var(--panel)" stroke="var(--rule)"/>'
    )
    words = f'<text x="{x + TEXT_AT}" y="{y + 14:g}" fill="var(--ink)" font-size="11.5">{escape(shown)}</text>'
    return f"<g><title>{escape(name)}</title>{frame}{words}</g>"

"""Histograms: one small chart per column, the reference as an outline over the current rows.

Drawn by hand: twenty of them through matplotlib cost 1 CPU s and 220 kB, so 1 ms and 30 kB.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from sluiceway.pages.number_text import percent

LEAST_MOVED = 0.005
WIDTH, HEIGHT, BASE = 240.0, 84.0, 68.0


@dataclass(frozen=True, slots=True)
class Histogram:
    """Rows per bin of one column, now and (``None`` without one) in the reference.

    ``labels`` are the bins' names for categories, or the lowest and the highest value for numbers.
    """

    column: str
    labels: tuple[str, ...]
    current: tuple[int, ...]
    reference: tuple[int, ...] | None = None
    note: str = ""


def histogram_svg(histogram: Histogram) -> str:
    """Draw shares of rows as bars, and the reference's as a stepped line, on one scale."""
    current = _shares(histogram.current)
    reference = _shares(histogram.reference) if histogram.reference is not None else []
    highest = max([*current, *reference], default=0.0) or 1.0
    name = escape(histogram.column)
    described = "bars: now" + ("; line: reference" if reference else "")
    return "".join(
        [
            f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" xmlns="http://www.w3.org/2000/svg">',
            f"<title>{name}</title><desc>Share of rows per bin of {name}; {described}.</desc>",
            _bars([share / highest for share in current]),
            _outline([share / highest for share in reference]),
            f'<path d="M0 {BASE:g}H{WIDTH:g}" stroke="var(--faint)" stroke-width="1"/>',
            _labels(histogram.labels, len(current)),
            "</svg>",
        ]
    )


def movers(histogram: Histogram, *, most: int = 3) -> str:
    """Name the categories whose shares changed most, by half a point or more; nothing for numbers.

    >>> " ".join(movers(Histogram("s.origin", ("EWR", "XXX"), (75, 25), (100, 0))).split())
    'EWR 100 % → 75 %, XXX 0 % → 25 %'
    """
    if histogram.reference is None or len(histogram.labels) != len(histogram.current):
        return ""
    pairs = zip(histogram.labels, _shares(histogram.reference), _shares(histogram.current), strict=True)
    moved = sorted(pairs, key=lambda each: -round(abs(each[2] - each[1]), 9))[:most]
    return ", ".join(
        f"{_shortened(label)} {percent(then)} → {percent(now)}"
        for label, then, now in moved
        if abs(now - then) >= LEAST_MOVED
    )


def _shares(rows: Sequence[int]) -> list[float]:
    total = sum(rows)
    return [count / total if total else 0.0 for count in rows]


def _bars(heights: Sequence[float]) -> str:
    step = WIDTH / max(len(heights), 1)
    drawn = [
        f"M{step * place + 1:.1f} {BASE:g}v{-height * (BASE - 4):.1f}h{max(step - 2, 0.5):.1f}V{BASE:g}z"
        for place, height in enumerate(heights)
        if height
    ]
    return f'<path d="{"".join(drawn)}" fill="var(--accent-soft)"/>' if drawn else ""


def _outline(heights: Sequence[float]) -> str:
    if not heights:
        return ""
    step = WIDTH / len(heights)
    steps = "".join(f"V{BASE - height * (BASE - 4):.1f}h{step:.2f}" for height in heights)
    return f'<path d="M0 {BASE:g}{steps}V{BASE:g}" fill="none" stroke="var(--then)" stroke-width="1.4"/>'


def _labels(labels: Sequence[str], bins: int) -> str:
    """Name every bin where there is room, else the first and the last."""
    step = WIDTH / max(bins, 1)
    if len(labels) == bins and all(len(label) * 6.0 < step for label in labels):
        return "".join(_text(label, step * (place + 0.5), "middle") for place, label in enumerate(labels))
    if not labels:
        return ""
    first, last = (_shortened(label) for label in (labels[0], labels[-1]))
    return _text(first, 0, "start") + (_text(last, WIDTH, "end") if len(labels) > 1 else "")


def _shortened(label: str, most: int = 20) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def _text(label: str, x: float, anchor: str) -> str:
    place = f'x="{x:.1f}" y="{HEIGHT - 4:g}" text-anchor="{anchor}"'
    return f'<text {place} font-size="10" fill="var(--soft)">{escape(label)}</text>'

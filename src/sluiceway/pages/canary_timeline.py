"""A canary in time: the challenger's share as a staircase, and how it ended."""

from datetime import datetime
from html import escape

from sluiceway.artifacts.canary_report import CanaryReport

WIDTH, TOP, HIGH = 960.0, 22.0, 74.0
NARROW = 34.0
COLOURS = {"promoted": "passed", "aborted": "stopped"}


def canary_timeline(report: CanaryReport) -> str:
    """Draw the steps to scale, as inline SVG in the page's colours."""
    whole = max((report.ended - report.began).total_seconds(), 1.0)

    def place(moment: datetime) -> float:
        return WIDTH * (moment - report.began).total_seconds() / whole

    base = TOP + HIGH
    steps = []
    for step in report.steps:
        left, right = place(step.began), place(step.ended)
        height = max(HIGH * step.share, 2.0)
        box = f'x="{left:.1f}" y="{base - height:.1f}" width="{max(right - left - 1, 1):.1f}" height="{height:.1f}"'
        steps.append(f'<rect {box} fill="var(--accent-soft)"/>')
        if right - left > NARROW:
            said = f"{100 * step.share:g} %, {step.canary_requests:,} requests"
            words = said if right - left > len(said) * 6.5 else f"{100 * step.share:g} %"
            steps.append(_text(words, left, base - height - 5, "start", "ink"))
    line = f'<path d="M0 {base:g}H{WIDTH:g}" stroke="var(--faint)"/>'
    colour = COLOURS.get(report.ended_by, "soft")
    end = f'<path d="M{WIDTH - 1:g} {TOP - 4:g}V{base:g}" stroke="var(--{colour})" stroke-width="2"/>'
    days = [
        _text(f"{report.began:%Y-%m-%d %H:%M}", 0, base + 16, "start", "soft"),
        _text(f"{report.ended:%Y-%m-%d %H:%M}", WIDTH, base + 16, "end", "soft"),
        _text(report.ended_by, WIDTH - 6, TOP - 8, "end", colour),
    ]
    named = "<title>The canary in time</title><desc>The challenger's share of the entities, step by step.</desc>"
    frame = f'<svg viewBox="0 0 {WIDTH:g} {base + 24:g}" role="img" xmlns="http://www.w3.org/2000/svg">'
    return frame + named + line + "".join([*steps, *days]) + end + "</svg>"


def _text(said: str, x: float, y: float, anchor: str, colour: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="12" fill="var(--{colour})">{escape(said)}</text>'

"""The page of an entity's history: a chart of each number over time, and every value in a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sluiceway.pages.figure import Labels, Line, line_curves
from sluiceway.pages.number_text import moment_text
from sluiceway.pages.page import Block, Cell, Figure, Fold, Gallery, Lead, Page, Section, Table

DAY_S = 86_400
ROWS = 2_000


def history_html(view: str, entity: Mapping[str, object], values: Mapping[str, Sequence[Any]]) -> str:
    """Write the page.

    Args:
        view: What the values are of.
        entity: Whose they are.
        values: Columns of equal length: ``_at`` (UTC, ascending), and one for each feature.
    """
    at: Sequence[datetime] = values["_at"]
    names = [name for name in values if name != "_at"]
    who = ", ".join(f"{name}={value}" for name, value in entity.items())
    if not at:
        return Page(f"{view} of {who}", sections=[Section("", [Lead("Nothing was known of it.")])]).html()
    figures = [_figure(name, at, values[name]) for name in names if _is_drawn(values[name])]
    rows: list[list[Cell]] = [
        [moment_text(moment), *(values[name][place] for name in names)] for place, moment in enumerate(at)
    ]
    table = Table(("moment", *names), rows[-ROWS:], caption="the last 2,000" if len(rows) > ROWS else "")
    blocks: list[Block] = [Lead(f"{len(at):,} moments, {moment_text(at[0])} to {moment_text(at[-1])}.")]
    blocks += [Gallery(figures)] if figures else []
    return Page(f"{view} of {who}", sections=[Section("", [*blocks, Fold("Every value", [table])])]).html()


def _is_drawn(values: Sequence[Any]) -> bool:
    return any(isinstance(value, float | int) for value in values)


def _figure(name: str, at: Sequence[datetime], values: Sequence[Any]) -> Figure:
    """Draw steps: a value holds until the next moment."""
    x: list[float] = []
    y: list[float] = []
    for place, moment in enumerate(at):
        days = (moment - at[0]).total_seconds() / DAY_S
        value = float("nan") if values[place] is None else float(values[place])
        if y:
            x.append(days)
            y.append(y[-1])
        x.append(days)
        y.append(value)
    labels = Labels(f"{name} over time", f"days since {at[0]:%Y-%m-%d %H:%M} UTC", "")
    return Figure(line_curves([Line(name, x, y)], labels), name)

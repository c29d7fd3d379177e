"""``sluiceway features history``: a view's values for one entity over time."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_lines, table_lines, warn
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.entity_values import pairs, typed
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.moment_given import moment_given
from sluiceway.cli.page_file import write_page
from sluiceway.core.discreet import MASK
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.core.moments import iso
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.hidden_columns import hidden_columns
from sluiceway.flow.newest_dataset import newest_dataset
from sluiceway.plans.moments_sql import MICROSECOND, microseconds
from sluiceway.workspace import Workspace

if TYPE_CHECKING:
    from sluiceway.features.point_in_time import Facts

Values = dict[str, list[Any]]  # columns of equal length; ``_at`` holds the moments
BARS, WIDTH = "▁▂▃▄▅▆▇█", 48


def history(
    view: Annotated[str, Parameter(help="The view.")],
    *entity: Annotated[str, Parameter(help="column=value for each of its entity columns, such as origin=JFK.")],
    since: Annotated[str | None, Parameter(help="From this moment on; the first fact by default.")] = None,
    until: Annotated[
        str | None, Parameter(help="Until this moment; the newest fact, or the present, by default.")
    ] = None,
    every: Annotated[str | None, Parameter(help="On a grid, such as 1h, instead of at each change.")] = None,
    html: Annotated[Path | None, Parameter(help="Write a page with a chart of each feature into this file.")] = None,
    common: Common = HERE,
) -> int:
    """Show a view's values for one entity over time, as they were known, at each change or on a grid."""
    from sluiceway.features.history import MOST, changes, grid, moments_of_change, values_at

    workspace = Workspace.open(common.project)
    with stdout_aside():
        views = {each.name: each for each in workspace.kit.reader.load().pipeline.feature_views}
    if view not in views:
        raise UnknownNameError("view", view, list(views))
    chosen, given = views[view], pairs(entity)
    if set(given) != set(chosen.entities):
        raise MisuseError(f"view {view!r} is of {', '.join(chosen.entities)}; give each as column=value")
    facts = newest_facts(workspace, workspace.present if until is None else moment_given(until, "--until"))
    keys = typed(given, [chosen], facts.dataset)
    low, high = ends(facts, chosen, keys, since, until)
    moments: Sequence[int]
    if every is None:
        moments = moments_of_change(facts, chosen, keys, low=low, high=high)
    else:
        moments = grid(low=low, high=high, step=step(every))
    left_out = max(0, len(moments) - MOST)
    if left_out:
        warn(f"of {len(moments):,} moments the last {MOST:,} are looked at; --since and --until choose others")
    table = values_at(facts, chosen, keys, moments[left_out:])
    values = masked((changes(table) if every is None else table).to_pydict(), chosen, workspace)
    if html is not None:
        from sluiceway.pages.history_page import history_html

        write_page(html, history_html(view, keys, values))
    if common.json:
        print_json({"view": view, "entity": keys, "values": rows_of(values), "left_out": left_out})
    else:
        print_lines(*lines(values, chosen, keys))
    return 0


def step(text: str) -> int:
    """Read a grid's step, in microseconds.

    Raises:
        MisuseError: it is no duration.
    """
    try:
        return parse_duration(text) // MICROSECOND
    except ValueError as error:
        raise MisuseError(f"--every: {error}") from None


def newest_facts(workspace: Workspace, cutoff: datetime) -> "Facts":
    """Give the newest dataset's sources, as far as they were known at a moment.

    Raises:
        MisuseError: nothing was ingested yet.
    """
    from sluiceway.features.held_tables import HeldTables
    from sluiceway.features.large_sources import LargeSources
    from sluiceway.features.point_in_time import Facts

    kit, dataset = workspace.kit, newest_dataset(workspace.kit)
    large = LargeSources(kit.derived)
    return Facts(dataset, HeldTables(kit.tables), kit.engine, microseconds(cutoff), large=large)


def ends(
    facts: "Facts", view: FeatureView, entity: dict[str, Any], since: str | None, until: str | None
) -> tuple[int, int]:
    """Tell the first and the last moment to look at, in microseconds: by default those of the facts that are known."""
    from sluiceway.features.history import known_from_until

    first, last = known_from_until(facts, view, entity)
    low = microseconds(moment_given(since, "--since")) if since is not None else first
    high = facts.cutoff if until is not None else last
    if low is None or high is None:
        raise MisuseError(f"source {view.source.name!r} knew nothing of it by then; give another entity, or --since")
    if low > high:
        raise MisuseError("--since lies behind --until, or behind the newest fact")
    return low, high


def masked(values: Values, view: FeatureView, workspace: Workspace) -> Values:
    """Hide values that come of sensitive columns."""
    hidden = hidden_columns(workspace.kit)(view.source.name)
    hides = [each for each in view.features if {name.lower() for name in view.reads(each)} & hidden]
    told = {name for each in hides for name in view.columns_of(each)}
    return {
        name: [None if value is None else MASK for value in column] if name in told else column
        for name, column in values.items()
    }


def rows_of(values: Values) -> list[dict[str, Any]]:
    """Turn columns into rows, and call the moment ``at``."""
    names = ["at" if name == "_at" else name for name in values]
    return [dict(zip(names, row, strict=True)) for row in zip(*values.values(), strict=True)]


def lines(values: Values, view: FeatureView, keys: dict[str, Any]) -> list[str]:
    """Draw each feature in a line."""
    who = ", ".join(f"{name}={value}" for name, value in keys.items() if name in view.entities)
    at = values["_at"]
    if not at:
        return [f"{view.name} of {who}: no moment to look at"]
    rows = []
    for name in view.columns:
        column = values[name]
        numbers = [value for value in column if isinstance(value, float | int)]
        rows.append(
            (name, sparkline(at, column), column[0], column[-1], min(numbers, default=None), max(numbers, default=None))
        )
    head = f"{view.name} of {who}, {len(at):,} moments from {iso(at[0])} to {iso(at[-1])}"
    return [head, "", *table_lines(("feature", "over time", "first", "last", "least", "most"), rows)]


def sparkline(at: Sequence[datetime], values: Sequence[object]) -> str:
    """Draw numbers over time as bars, each step of time by the value that held at its end; a dot where there is none.

    >>> from datetime import timedelta
    >>> start = datetime(2026, 1, 1)
    >>> sparkline([start, start + timedelta(hours=24), start + timedelta(hours=48)], [0.0, None, 4.0]).strip("▁")[:1]
    '·'
    """
    numbers = [value for value in values if isinstance(value, float | int)]
    if not numbers:
        return ""
    low, span = min(numbers), (max(numbers) - min(numbers)) or 1.0
    whole = (at[-1] - at[0]).total_seconds() or 1.0
    drawn, place = [], 0
    for index in range(WIDTH):
        end = whole * (index + 1) / WIDTH
        while place + 1 < len(at) and (at[place + 1] - at[0]).total_seconds() <= end:
            place += 1
        value = values[place]
        known = isinstance(value, float | int)
        drawn.append(BARS[min(7, int(8 * (value - low) / span))] if known else "·")  # type: ignore[operator]  # a number
    return "".join(drawn)

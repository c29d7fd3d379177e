"""Window corrections: versions of facts that counted at a point and were replaced later, merged with the panes."""

from collections.abc import Mapping

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import KNOWN, UNTIL
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import Partial, partials_of
from sluiceway.plans.quoting import listed, quoted, same
from sluiceway.plans.window_frames import by_over, over_column


def correction_steps(view: FeatureView, types: Mapping[str, str]) -> dict[str, str]:
    """From ``versions`` and ``framed`` to ``merged``, which has the same columns as ``framed``."""
    over_all = {
        f"replaced_{number}": _replaced(view, over, partials_of(features, types))
        for number, (over, features) in enumerate(by_over(view).items())
    }
    replaced = f"SELECT * FROM versions WHERE {UNTIL} > {KNOWN}"
    return {"replaced": replaced, **over_all, "merged": _merged(view, types)}


def _replaced(view: FeatureView, over: str, partials: tuple[Partial, ...]) -> str:
    """Aggregate the replaced versions inside one window, by point."""
    every, span = length(view.every), length(over)
    end = f"_pane * {every}"
    # A window of length `over` touches at most two epoch-aligned stretches of that length: an equality to join by.
    first, last = floor_index(f"{end} - {span}", span), floor_index(f"{end} - 1", span)
    stretched = f"SELECT *, unnest(range({first}, {last} + 1)) AS _stretch FROM framed"
    rows = f"SELECT *, {floor_index(KNOWN, span)} AS _stretch FROM replaced"
    met = f"{same(view.entities, 'p', 'r')} AND p._stretch = r._stretch"
    met_rows = f"SELECT p._pane, r.* FROM ({stretched}) p JOIN ({rows}) r ON {met}"
    inside = f"{KNOWN} < {end} AND {KNOWN} >= {end} - {span} AND {UNTIL} >= {end}"
    made = ", ".join(f"{one.of_rows} AS {quoted(over_column(over, one.name))}" for one in partials)
    place = f"{listed(view.entities)}, _pane"
    return f"SELECT {place}, {made} FROM ({met_rows}) WHERE {inside} GROUP BY {place}"


def _merged(view: FeatureView, types: Mapping[str, str]) -> str:
    columns, joins = [], []
    for number, (over, features) in enumerate(by_over(view).items()):
        other = f"replaced_{number}"
        joins.append(f"LEFT JOIN {other} ON {same(view.entities, 'framed', other)} AND framed._pane = {other}._pane")
        for partial in partials_of(features, types):
            name = quoted(over_column(over, partial.name))
            columns.append(f"{partial.of_two(f'framed.{name}', f'{other}.{name}')} AS {name}")
    place = f"{listed(view.entities, 'framed')}, framed._pane"
    return f"SELECT {place}, {', '.join(columns)} FROM framed {' '.join(joins)}"

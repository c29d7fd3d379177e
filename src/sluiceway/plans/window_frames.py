"""Window frames: the panes that windows are merged from, as far as facts lie in them for good.

A pane holds the facts that count wherever the pane as a whole does: what was replaced later, and by event_time what
became known only after its pane had ended, is left to ``window_rows``.
"""

from collections.abc import Mapping

from sluiceway.plans.corrections import KNOWN, UNTIL, facts_sql, versions_sql
from sluiceway.plans.moments_sql import floor_index
from sluiceway.plans.partials import partials_of
from sluiceway.plans.quoting import listed, present, quoted
from sluiceway.plans.steps import written
from sluiceway.plans.window_groups import WindowGroup, pane_start


def panes_sql(group: WindowGroup, types: Mapping[str, str], *, cutoff: int, corrected: bool) -> str:
    """Select the partials of each entity's panes, those that some window reaches.

    Reads two tables: ``source`` with the facts, and ``points`` with ``_pane``.

    Args:
        group: Which window features to compute.
        types: Each source column's kind.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
        corrected: Whether some fact has more than one row; replaced ones are left out.
    """
    view = group.view
    partials = partials_of(group.features, types)
    made = ", ".join(f"{partial.of_rows} AS {quoted(partial.name)}" for partial in partials)
    pane = floor_index(group.time, group.every)
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        **({"versions": versions_sql(view)} if corrected else {}),
        "lasting": f"SELECT * FROM versions WHERE {UNTIL} IS NULL" if corrected else "SELECT * FROM facts",
    }
    in_time = f" AND NOT {late(group)}" if group.by_event else ""
    counted = f"SELECT {listed(view.entities)}, {pane} AS _pane, {made} FROM lasting {_reached(group)}{in_time}"
    return f"WITH {written(steps)} {counted} AND {present(view.entities)} GROUP BY ALL"


def late(group: WindowGroup) -> str:
    """Ask whether a fact became known after the pane of its event_time had ended."""
    return f"({KNOWN} > {pane_start(group.time, group.every)} + {group.every})"


def _reached(group: WindowGroup) -> str:
    """Leave out rows that no window reaches: one moment needs but the last of a long history."""
    bounds = f"min(_pane) * {group.every} - {group.longest} AS _from, max(_pane) * {group.every} AS _to"
    return f"CROSS JOIN (SELECT {bounds} FROM points) WHERE {group.time} >= _from AND {group.time} < _to"

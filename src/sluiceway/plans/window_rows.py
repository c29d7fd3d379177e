"""Window rows: facts that count at a point but lie in no pane, merged with the panes one by one.

They are versions of facts that were replaced later, facts by event_time that became known after their pane had ended,
and, for fresh windows, whatever lies in the open pane.
"""

from collections.abc import Mapping

from sluiceway.plans.corrections import KNOWN, UNTIL, versions_sql
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import Partial
from sluiceway.plans.quoting import listed, quoted, same
from sluiceway.plans.window_frames import late
from sluiceway.plans.window_groups import WindowGroup, over_column

COUNTS = f"r.{KNOWN} < p._end AND coalesce(r.{UNTIL} >= p._end, TRUE)"


def has_rows(group: WindowGroup, *, corrected: bool) -> bool:
    """Tell whether panes may not be all there is."""
    return corrected or group.follows


def row_steps(group: WindowGroup, types: Mapping[str, str], *, corrected: bool) -> dict[str, str]:
    """From ``facts`` and ``framed`` to ``merged``, which has the same columns as ``framed``."""
    versions = versions_sql(group.view) if corrected else f"SELECT *, CAST(NULL AS BIGINT) AS {UNTIL} FROM facts"
    loose = [f"{UNTIL} > {KNOWN}"] if corrected else []
    loose += [late(group)] if group.by_event else []
    needed = group.partials(types)
    over_all = {f"rows_{number}": _rows(group, over, needed[over]) for number, over in enumerate(needed)}
    kept = f"SELECT * FROM versions WHERE {' OR '.join(loose) or 'FALSE'}"
    return {"versions": versions, "loose": kept, **over_all, "merged": _merged(group, needed)}


def _rows(group: WindowGroup, over: str, partials: tuple[Partial, ...]) -> str:
    """Aggregate the rows inside one window, by point."""
    met = _loose(group, over)
    if group.is_fresh:
        met = f"{met} UNION ALL BY NAME {_open(group)}"
    made = ", ".join(f"{one.of_rows} AS {quoted(over_column(over, one.name))}" for one in partials)
    place = f"{listed(group.view.entities)}, _end"
    return f"SELECT {place}, {made} FROM ({met}) GROUP BY {place}"


def _loose(group: WindowGroup, over: str) -> str:
    span = length(over)
    end = f"_pane * {group.every}"
    # A window of length `over` touches at most two epoch-aligned stretches of that length: an equality to join by.
    first, last = floor_index(f"{end} - {span}", span), floor_index(f"{end} - 1", span)
    stretched = f"SELECT *, unnest(range({first}, {last} + 1)) AS _stretch FROM framed"
    rows = f"SELECT *, {floor_index(group.time, span)} AS _stretch FROM loose"
    met = f"{same(group.view.entities, 'p', 'r')} AND p._stretch = r._stretch"
    inside = f"r.{group.time} < {end} AND r.{group.time} >= {end} - {span}"
    pairs = f"({stretched}) p JOIN ({rows}) r ON {met}"
    return f"SELECT p._end, r.* EXCLUDE (_stretch) FROM {pairs} WHERE {inside} AND {COUNTS}"


def _open(group: WindowGroup) -> str:
    rows = f"SELECT *, {floor_index(group.time, group.every)} AS _open FROM versions"
    met = f"{same(group.view.entities, 'p', 'r')} AND p._pane = r._open"
    inside = f"r.{group.time} < p._end"
    return f"SELECT p._end, r.* EXCLUDE (_open) FROM framed p JOIN ({rows}) r ON {met} WHERE {inside} AND {COUNTS}"


def _merged(group: WindowGroup, needed: Mapping[str, tuple[Partial, ...]]) -> str:
    entities = group.view.entities
    columns, joins = [], []
    for number, (over, partials) in enumerate(needed.items()):
        other = f"rows_{number}"
        joins.append(f"LEFT JOIN {other} ON {same(entities, 'framed', other)} AND framed._end = {other}._end")
        for partial in partials:
            name = quoted(over_column(over, partial.name))
            columns.append(f"{partial.of_two(f'framed.{name}', f'{other}.{name}')} AS {name}")
    place = f"{listed(entities, 'framed')}, framed._pane, framed._end"
    return f"SELECT {place}, {', '.join(columns)} FROM framed {' '.join(joins)}"

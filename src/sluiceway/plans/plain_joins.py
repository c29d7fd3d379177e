"""Plain joins: a view for every row of a spine in one statement that any SQL engine can run.

No panes, no frames in memory, no join as of a time: facts are joined to the ends of windows by entity and by stretches
as long as the longest window, the newest fact is a running minimum over facts and predictions in one line, and all else
is grouping and numbering. The partials are those of ``partials``, so the values are those of ``windows`` and
``latest`` to the bit.
"""

from collections.abc import Mapping

from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, UNTIL, fact_columns, facts_sql, ties, versions_sql
from sluiceway.plans.derived import derived_features, derived_sql
from sluiceway.plans.latest import latest_features, latest_values, supersedes
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import single, told
from sluiceway.plans.quoting import listed, present, quoted, same
from sluiceway.plans.steps import written
from sluiceway.plans.window_groups import WindowGroup, over_column, pane_start, window_groups

DAY = 86_400_000_000


def plain_sql(view: FeatureView, kinds: Mapping[str, str], *, cutoff: int, corrected: bool) -> str:
    """Select ``_row`` and the view's features for every row of the table ``spine``.

    Reads two tables: ``spine`` with ``_row``, ``_at`` and the entity columns, and ``source`` with the facts.

    Args:
        view: Whose features to compute.
        kinds: Each source column's kind.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
        corrected: Whether some fact has more than one row.
    """
    entities, groups = view.entities, window_groups(view)
    asked = f"SELECT _row, {listed(entities)}, epoch_us(_at) AS _t FROM spine"
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        "versions": versions_sql(view) if corrected else f"SELECT *, CAST(NULL AS BIGINT) AS {UNTIL} FROM facts",
        "asked": asked,
        "points": f"SELECT DISTINCT {listed(entities)}, _t FROM asked WHERE {present(entities)} AND _t IS NOT NULL",
        "seen": f"SELECT {listed(entities)}, min({KNOWN}) AS _first FROM facts GROUP BY {listed(entities)}",
    }
    joins = []
    for number, group in enumerate(groups):
        steps |= _window_steps(group, kinds, number)
        ends = f"{_begins(group, 'asked._t')} = answers_{number}._begins"
        ends += f" AND {group.known_before('asked._t')} = answers_{number}._before"
        joins.append(f"LEFT JOIN answers_{number} ON {same(entities, 'asked', f'answers_{number}')} AND {ends}")
    if latest_features(view):
        steps |= _latest_steps(view, kinds, replaced=supersedes(view, repeated=corrected))
        joins.append(f"LEFT JOIN newest ON {same(entities, 'asked', 'newest')} AND asked._t = newest._time")
    columns = [name for each in view.features if not each.is_derived for name in view.columns_of(each)]
    joined = f"SELECT asked._row, {listed(columns)} FROM asked {' '.join(joins)}"
    if derived_features(view):
        joined = derived_sql(view, kinds, joined, keep=["_row"])
    return f"WITH {written(steps)} {joined}"


def _begins(group: WindowGroup, at: str) -> str:
    return pane_start(at, group.every)


def _window_steps(group: WindowGroup, kinds: Mapping[str, str], number: int) -> dict[str, str]:
    entities, ends = group.view.entities, f"ends_{number}"
    place = f"{listed(entities)}, _begins, _before"
    made = f"{_begins(group, '_t')} AS _begins, {group.known_before('_t')} AS _before"
    met = f"{same(entities, 'e', 's')} AND e._begins = s._begins AND e._before = s._before"
    known = f"LEFT JOIN seen ON {same(entities, 'e', 'seen')}"
    values = [
        f"CASE WHEN _first < e._before THEN {single(value)} END AS {quoted(name)}"
        for feature in group.features
        for name, value in zip(group.view.columns_of(feature), _told(feature, kinds), strict=True)
    ]
    shown = f"{listed(entities, 'e')}, e._begins, e._before, {', '.join(values)}"
    pairs = _pairs(group, ends)
    return {
        ends: f"SELECT DISTINCT {listed(entities)}, {made} FROM points",
        f"summed_{number}": f"SELECT {place}, {_partials(group, kinds)} FROM ({pairs}) p GROUP BY {place}",
        f"answers_{number}": f"SELECT {shown} FROM {ends} e LEFT JOIN summed_{number} s ON {met} {known}",
    }


def _told(feature: Feature, kinds: Mapping[str, str]) -> tuple[str, ...]:
    return told(feature, kinds, lambda partial: f"s.{quoted(over_column(str(feature.over), partial))}")


def _pairs(group: WindowGroup, ends: str) -> str:
    """Pair each end of windows with the facts of its entity that were known before, near enough to count."""
    entities, span = group.view.entities, group.longest
    others = [column for column in fact_columns(group.view) if column not in entities]
    first = floor_index(f"_begins - {span}", span)
    # a window touches two stretches of its length; what is fresh beyond its end may touch a third
    backs = " UNION ALL ".join(f"SELECT {back} AS _back" for back in range(3 if group.is_fresh else 2))
    stretched = f"SELECT *, {first} + _back AS _stretch FROM {ends} CROSS JOIN ({backs}) b"
    rows = f"SELECT *, {floor_index(group.time, span)} AS _stretch FROM versions"
    shown = f"{listed(entities, 'w')}, w._begins, w._before, r.{EVENT}, r.{KNOWN}"
    shown += "".join(f", r.{quoted(column)}" for column in others)
    met = f"{same(entities, 'w', 'r')} AND w._stretch = r._stretch"
    counts = f"r.{KNOWN} < w._before AND coalesce(r.{UNTIL} >= w._before, TRUE)"
    return f"SELECT {shown} FROM ({stretched}) w JOIN ({rows}) r ON {met} WHERE {counts}"


def _partials(group: WindowGroup, kinds: Mapping[str, str]) -> str:
    upto = "_before" if group.is_fresh else "_begins"
    return ", ".join(
        f"{one.of_rows} FILTER (WHERE {group.time} >= _begins - {length(over)} AND {group.time} < {upto})"
        f" AS {quoted(over_column(over, one.name))}"
        for over, partials in group.partials(kinds).items()
        for one in partials
    )


def _latest_steps(view: FeatureView, kinds: Mapping[str, str], *, replaced: bool) -> dict[str, str]:
    """Rank each entity's facts, the newest 1; the best rank known by a prediction is its fact's."""
    entities = listed(view.entities)
    order = f"{EVENT} DESC, {KNOWN} DESC, {ties(fact_columns(view))}"
    rank = f"row_number() OVER (PARTITION BY {entities} ORDER BY {order}) AS _rank"
    lasting = f" WHERE {UNTIL} IS NULL" if replaced else ""
    line = f"SELECT {entities}, {KNOWN} AS _time, _rank FROM ranked{lasting}"
    line += f" UNION ALL SELECT {entities}, _t AS _time, CAST(NULL AS BIGINT) AS _rank FROM points"
    running = f"min(_rank) OVER (PARTITION BY {entities} ORDER BY _time) AS _best"
    found = f"SELECT {entities}, _time, _best FROM best"
    found += f" UNION ALL {_alive(view)}" if replaced else ""
    in_time = f"c._time - r.{EVENT} <= {length(view.ttl)}" if view.ttl else "TRUE"
    values = ", ".join(
        f"CASE WHEN {in_time} THEN {value} END AS {quoted(name)}"
        for name, value in latest_values(view, kinds, table="r")
    )
    met = f"{same(view.entities, 'c', 'r')} AND c._best = r._rank"
    return {
        "ranked": f"SELECT *, {rank} FROM versions WHERE {present(view.entities)}",
        "line": line,
        "best": f"SELECT {entities}, _time, {running} FROM line",
        "chosen": f"SELECT {entities}, _time, min(_best) AS _best FROM ({found}) f GROUP BY {entities}, _time",
        "newest": f"SELECT {listed(view.entities, 'c')}, c._time, {values} FROM chosen c JOIN ranked r ON {met}",
    }


def _alive(view: FeatureView) -> str:
    """Give the rank of each replaced version that still stood at a prediction, met by day."""
    days = f"unnest(range({floor_index(KNOWN, DAY)}, {floor_index(UNTIL, DAY)} + 1)) AS _day"
    stood = f"SELECT *, {days} FROM ranked WHERE {UNTIL} > {KNOWN}"
    met = f"{same(view.entities, 'p', 'r')} AND {floor_index('p._t', DAY)} = r._day"
    during = f"r.{KNOWN} <= p._t AND p._t < r.{UNTIL}"
    shown = f"{listed(view.entities, 'p')}, p._t AS _time, r._rank AS _best"
    return f"SELECT {shown} FROM points p JOIN ({stood}) r ON {met} WHERE {during}"

"""Latest: the newest fact known at ``t``, unless it is too old.

As of ``t`` the newest is the one with the greatest (event_time, known_time, other columns in the order of their names)
among those with ``known_time <= t``. A fact that became known after a newer one never counts: only running maxima of
event_time, in the order of known_time, are joined as of ``t``. That join sees times and entities alone; values are
fetched for the facts that matched, which is also where ties are resolved.

The SQL is for facts that later ones supersede. Where none does, stage 4 does the same in memory, several times faster.
"""

from collections.abc import Iterator, Mapping

from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, UNTIL, fact_columns, facts_sql, ties, versions_sql
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.number_lists import numbers_sql
from sluiceway.plans.partials import single
from sluiceway.plans.quoting import listed, present, quoted, same
from sluiceway.plans.steps import written

DAY = 86_400_000_000


def latest_features(view: FeatureView) -> tuple[Feature, ...]:
    """Pick the features that take the newest fact's value."""
    return tuple(feature for feature in view.features if feature.is_latest)


def latest_values(view: FeatureView, types: Mapping[str, str], *, table: str = "") -> Iterator[tuple[str, str]]:
    """Give the columns of a view's latest features, each with the SQL that reads it off a fact."""
    for feature in latest_features(view):
        column = listed([str(feature.column)], table)
        read = _read(column, types[str(feature.column)], feature.size)
        yield from zip(view.columns_of(feature), read, strict=True)


def _read(column: str, kind: str, size: int | None) -> Iterator[str]:
    """Read a column as a feature: a number that float32 holds, or text, or the numbers of a list."""
    if size is not None:
        yield from (single(number) for number in numbers_sql(column, size, kind))
        return
    yield single(column) if kind in {"integer", "number"} else f"CAST({column} AS VARCHAR)"


def supersedes(view: FeatureView, *, repeated: bool) -> bool:
    """Tell whether corrections need a look of their own.

    In a series keyed by its entity they do not: a later version of a point has the same event_time, and the newest
    known_time wins anyway.
    """
    return repeated and set(view.source.keys) != set(view.entities)


def latest_sql(view: FeatureView, types: Mapping[str, str], *, cutoff: int) -> str:
    """Select ``_row`` and the view's latest features for every row of the table ``spine``.

    Reads two tables: ``spine`` with ``_row``, ``_at`` and the entity columns, and ``source`` with the facts.

    Args:
        view: Whose latest features to compute.
        types: Each source column's kind.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
    """
    hit = f"{same(view.entities, 'asked', 'marks')} AND asked._t >= marks.{KNOWN}"
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        "versions": versions_sql(view),
        "lasting": f"SELECT * FROM versions WHERE {UNTIL} IS NULL",
        "marks": _marks(view),
        "asked": f"SELECT _row, {listed(view.entities)}, epoch_us(_at) AS _t FROM spine WHERE {present(view.entities)}",
        "hits": f"SELECT asked.*, marks.{EVENT}, marks.{KNOWN} FROM asked ASOF JOIN marks ON {hit}",
        "winners": _winners(view),
        "found": _found(view),
    }
    every_row = "(SELECT _row FROM spine) spine LEFT JOIN found ON spine._row = found._row"
    return f"WITH {written(steps)} SELECT spine._row, {_values(view, types)} FROM {every_row}"


def _marks(view: FeatureView) -> str:
    running = f"max({EVENT}) OVER (PARTITION BY {listed(view.entities)} ORDER BY {KNOWN} RANGE UNBOUNDED PRECEDING)"
    return f"SELECT {listed(view.entities)}, {EVENT}, {KNOWN} FROM lasting QUALIFY {EVENT} = {running}"


def _winners(view: FeatureView) -> str:
    place = (*view.entities, EVENT, KNOWN)
    rank = f"row_number() OVER (PARTITION BY {listed(place)} ORDER BY {ties(fact_columns(view))})"
    matched = f"SELECT DISTINCT {listed(place)} FROM hits"
    return f"SELECT * FROM lasting SEMI JOIN ({matched}) matched USING ({listed(place)}) QUALIFY {rank} = 1"


def _found(view: FeatureView) -> str:
    columns = [column for column in fact_columns(view) if column not in view.entities]
    shown = f"hits._row, hits._t, hits.{EVENT}, hits.{KNOWN}, {listed(view.entities, 'hits')}" + (
        f", {listed(columns, 'winners')}" if columns else ""
    )
    lasting = f"SELECT {shown} FROM hits JOIN winners ON {same((*view.entities, EVENT, KNOWN), 'hits', 'winners')}"
    stretches = f"unnest(range({floor_index(KNOWN, DAY)}, {floor_index(UNTIL, DAY)} + 1))"
    replaced = f"SELECT *, {stretches} AS _day FROM versions WHERE {UNTIL} > {KNOWN}"
    alive = (
        f"SELECT asked._row, asked._t, r.* EXCLUDE ({UNTIL}, _day) FROM asked JOIN ({replaced}) r "
        f"ON {same(view.entities, 'asked', 'r')} AND {floor_index('asked._t', DAY)} = r._day "
        f"WHERE r.{KNOWN} <= asked._t AND asked._t < r.{UNTIL}"
    )
    newest = f"row_number() OVER (PARTITION BY _row ORDER BY {EVENT} DESC, {KNOWN} DESC, {ties(fact_columns(view))})"
    return f"SELECT * FROM ({lasting} UNION ALL BY NAME {alive}) QUALIFY {newest} = 1"


def _values(view: FeatureView, types: Mapping[str, str]) -> str:
    in_time = f"_t - found.{EVENT} <= {length(view.ttl)}" if view.ttl else "TRUE"
    return ", ".join(
        f"CASE WHEN {in_time} THEN {value} END AS {quoted(name)}" for name, value in latest_values(view, types)
    )

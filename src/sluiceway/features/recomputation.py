"""Recomputation: features of a few predictions, slowly and another way, from the rows known by then and no others.

Each prediction is joined to every row of its entity that was known, the rest is thrown away before anything is
aggregated, replaced versions are found by numbering them, and DuckDB's own averages and deviations are taken of what
stands. No panes, no running sums, no join as of a time, no exact sums.
"""

from collections.abc import Iterator, Mapping

from sluiceway.declare.expression_total import total_sql
from sluiceway.declare.feature import LAST, Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, facts_sql, identity, newest_first, ties
from sluiceway.plans.distinct import KEPT
from sluiceway.plans.latest import latest_features, latest_values
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import NUMERIC, number, single
from sluiceway.plans.quoting import listed, quoted, same
from sluiceway.plans.spread import bounded
from sluiceway.plans.steps import written
from sluiceway.plans.window_groups import WindowGroup, pane_start, window_features, window_groups

SCALE = "_scale:"
ROUGH = 200_000.0  # an estimate is let off by a fifth, seven times its standard error


def recomputed_sql(view: FeatureView, kinds: Mapping[str, str], *, cutoff: int) -> str:
    """Select ``_row``, the view's features, and for windows the greatest size among the values (``_scale:`` and name).

    Reads the tables ``sample`` (``_row``, ``_at``, entity columns) and ``source``.
    """
    begins = pane_start("epoch_us(_at)", length(view.every))
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        "numbered": _numbered(view),
        "asked": f"SELECT _row, {listed(view.entities)}, epoch_us(_at) AS _t, {begins} AS _begins FROM sample",
    }
    joins = []
    for place, group in enumerate(window_groups(view)):
        before = "_t + 1" if group.follows else "_begins"
        steps[f"ended_{place}"] = _standing(view, f"{{known}} < {before}", _near(group))
        steps[f"windows_{place}"] = _windows(group, kinds, ended=f"ended_{place}", before=before)
        joins.append(f"LEFT JOIN windows_{place} ON sample._row = windows_{place}._row")
    if latest_features(view):
        steps |= {
            "standing": _standing(view, "{known} <= _t", _all(view)),
            "best": _best(),
            "newest": _newest(view, kinds),
        }
        joins.append("LEFT JOIN newest ON sample._row = newest._row")
    columns = [quoted(name) for each in view.features if not each.is_derived for name in view.columns_of(each)]
    columns += [quoted(SCALE + name) for feature in window_features(view) for name in view.columns_of(feature)]
    every_row = f"(SELECT _row FROM sample) sample {' '.join(joins)}"
    return f"WITH {written(steps)} SELECT sample._row, {', '.join(columns)} FROM {every_row}"


def _numbered(view: FeatureView) -> str:
    """Number the versions of each fact, the newest 1; a fact without a key has but one."""
    which = identity(view.source.keys, view.entities)
    if not which:
        return "SELECT * FROM facts"
    keyed = " AND ".join(f"{quoted(key)} IS NOT NULL" for key in view.source.keys)
    rank = f"row_number() OVER (PARTITION BY {listed(which)} ORDER BY {newest_first(fact_columns(view))})"
    return f"SELECT *, CASE WHEN {keyed} THEN {rank} END AS _version FROM facts"


def _all(view: FeatureView) -> str:
    """Pair each prediction with all rows of its entity."""
    return f"SELECT asked._row, _t, _begins, r.* FROM asked JOIN numbered r ON {same(view.entities, 'asked', 'r')}"


def _near(group: WindowGroup) -> str:
    """Pair each prediction with its entity's rows in the last few stretches of time as long as the longest window.

    The rest of a long history could not count, and would make most of the work.
    """
    span = group.longest
    asked = f"SELECT *, unnest([0, 1, 2]) + {floor_index(f'_begins - {span}', span)} AS _stretch FROM asked"
    rows = f"SELECT *, {floor_index(group.time, span)} AS _stretch FROM numbered"
    met = f"{same(group.view.entities, 'a', 'r')} AND a._stretch = r._stretch"
    return f"SELECT a._row, _t, _begins, r.* EXCLUDE (_stretch) FROM ({asked}) a JOIN ({rows}) r ON {met}"


def _standing(view: FeatureView, bound: str, pairs: str) -> str:
    """Keep the pairs whose row keeps a bound on ``{known}``, unless a newer version of the fact keeps it too."""
    kept = f"SELECT * FROM ({pairs}) WHERE {bound.format(known=KNOWN)}"
    which = identity(view.source.keys, view.entities)
    if not which:
        return kept
    newer = f"{same(which, 'p', 'n')} AND n._version = p._version - 1"
    found = f"SELECT p.*, n.{KNOWN} AS _replaced_at FROM ({kept}) p LEFT JOIN numbered n ON {newer}"
    return f"SELECT * FROM ({found}) WHERE _replaced_at IS NULL OR NOT ({bound.format(known='_replaced_at')})"


def _windows(group: WindowGroup, kinds: Mapping[str, str], *, ended: str, before: str) -> str:
    entities = group.view.entities
    values = ", ".join(value for feature in group.features for value in _aggregates(group, feature, kinds))
    first = f"SELECT {listed(entities)}, min({KNOWN}) AS _first FROM facts GROUP BY ALL"
    met = f"asked JOIN ({first}) f ON {same(entities, 'asked', 'f')}"
    known = f"SELECT _row, _t, _begins FROM {met} WHERE _first < {before}"
    rows = f"({known}) k LEFT JOIN {ended} e ON k._row = e._row"
    values_of = f"SELECT k.*, e.* EXCLUDE (_row, _t, _begins) FROM {rows}"
    return f"SELECT _row, {values} FROM ({values_of}) GROUP BY _row"


def _aggregates(group: WindowGroup, feature: Feature, kinds: Mapping[str, str]) -> Iterator[str]:
    inside = _inside(group, feature)
    if feature.kind != LAST:
        yield _aggregate(group, feature, kinds, inside)
        return
    value = single(number(str(feature.column), kinds[str(feature.column)]))
    all_of_them = f"(list({value} ORDER BY {KNOWN} DESC, {EVENT} DESC, {value} DESC) {inside})"
    there = f"list_filter({all_of_them}, lambda each: each IS NOT NULL)"
    for place, name in enumerate(group.view.columns_of(feature), start=1):
        yield f"{there}[{place}] AS {quoted(name)}, 0.0 AS {quoted(SCALE + name)}"


def _inside(group: WindowGroup, feature: Feature) -> str:
    time, upto = group.time, "_t + 1" if group.is_fresh else "_begins"
    bounds = f"{time} >= _begins - {length(str(feature.over))} AND {time} < {upto}"
    condition = f" AND {total_sql(feature.condition)}" if feature.condition else ""
    return f"FILTER (WHERE {bounds}{condition})"


def _aggregate(group: WindowGroup, feature: Feature, kinds: Mapping[str, str], inside: str) -> str:
    (called,) = group.view.columns_of(feature)
    name, scale = quoted(called), quoted(SCALE + called)
    if feature.column is None:
        return f"CAST(count({KNOWN}) {inside} AS DOUBLE) AS {name}, 0.0 AS {scale}"
    kind = kinds[feature.column]
    value = number(feature.column, kind) if kind in NUMERIC else quoted(feature.column)
    if feature.kind == "count":
        return f"CAST(count({value}) {inside} AS DOUBLE) AS {name}, 0.0 AS {scale}"
    if feature.kind == "count_distinct":
        made = f"count(DISTINCT {quoted(feature.column)}) {inside}"
        return (
            f"CAST({made} AS DOUBLE) AS {name}, "
            f"CAST(CASE WHEN {made} < {KEPT} THEN 0 ELSE {made} * {ROUGH} END AS DOUBLE) AS {scale}"
        )
    value = f"CAST({value} AS DOUBLE)"
    function = {"mean": "favg", "sum": "fsum", "std": "stddev_samp"}.get(feature.kind, feature.kind)
    if feature.kind == "std":
        value = bounded(value)
    return f"{function}({value}) {inside} AS {name}, max(abs({value})) {inside} AS {scale}"


def _best() -> str:
    return f"SELECT _row, max(row({EVENT}, {KNOWN})) AS _best FROM standing GROUP BY _row"


def _newest(view: FeatureView, kinds: Mapping[str, str]) -> str:
    fresh = f"_t - {EVENT} <= {length(view.ttl)}" if view.ttl else "TRUE"
    values = ", ".join(
        f"first(CASE WHEN {fresh} THEN {value} END ORDER BY {ties(fact_columns(view))}) AS {quoted(name)}"
        for name, value in latest_values(view, kinds)
    )
    return (
        f"SELECT _row, {values} FROM standing JOIN best USING (_row) WHERE row({EVENT}, {KNOWN}) = _best GROUP BY _row"
    )

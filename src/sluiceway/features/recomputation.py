"""Recomputation: features of a few predictions, slowly and another way, from the rows known by then and no others.

Each prediction is joined to every row of its entity that was known, the rest is thrown away before anything is
aggregated, replaced versions are found by numbering them, and DuckDB's own averages and deviations are taken of what
stands. No panes, no frames, no join as of a time, no exact sums.
"""

from collections.abc import Mapping

from sluiceway.declare.feature_view import Feature, FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, facts_sql, identity, newest_first, ties
from sluiceway.plans.latest import as_value
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import number
from sluiceway.plans.quoting import listed, quoted, same

SCALE = "_scale:"


def recomputed_sql(view: FeatureView, kinds: Mapping[str, str], *, cutoff: int) -> str:
    """Select ``_row``, the view's features, and for windows the greatest size among the values (``_scale:`` and name).

    Reads the tables ``sample`` (``_row``, ``_at``, entity columns) and ``source``.
    """
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        "numbered": _numbered(view),
        "asked": f"SELECT _row, {listed(view.entities)}, epoch_us(_at) AS _t FROM sample",
    }
    tables, columns = ["sample"], ["sample._row"]
    for index, feature in enumerate(view.features):
        name = f"feature_{index}"
        steps[name] = _window(view, feature, kinds) if feature.is_window else _latest(view, feature, kinds)
        tables.append(f"LEFT JOIN {name} ON sample._row = {name}._row")
        columns += [
            f"{name}._value AS {quoted(view.column(feature))}",
            f"{name}._scale AS {quoted(SCALE + view.column(feature))}",
        ]
    written = ", ".join(f"{name} AS ({sql})" for name, sql in steps.items())
    return f"WITH {written} SELECT {', '.join(columns)} FROM {' '.join(tables)}"


def _numbered(view: FeatureView) -> str:
    """Number the versions of each fact, the newest 1; ``_key_known`` tells whether the fact has a key at all."""
    which = identity(view.source.keys, view.entities)
    if not which:
        return "SELECT *, 1 AS _version, FALSE AS _keyed FROM facts"
    keyed = " AND ".join(f"{quoted(key)} IS NOT NULL" for key in view.source.keys)
    rank = f"row_number() OVER (PARTITION BY {listed(which)} ORDER BY {newest_first(fact_columns(view))})"
    return f"SELECT *, {rank} AS _version, {keyed} AS _keyed FROM facts"


def _standing(view: FeatureView, bound: str) -> str:
    """Pair predictions with the rows of their entity known by ``bound`` (SQL over ``_t``) that no newer version replaced."""
    pairs = f"SELECT asked._row, asked._t, r.* FROM asked JOIN numbered r ON {same(view.entities, 'asked', 'r')}"
    kept = f"SELECT * FROM ({pairs}) WHERE {bound.format(known=KNOWN)}"
    which = identity(view.source.keys, view.entities)
    if not which:
        return kept
    newer = f"{same(which, 'p', 'n')} AND n._version = p._version - 1 AND n._keyed AND p._keyed"
    replaced = f"SELECT p.*, n.{KNOWN} AS _replaced_at FROM ({kept}) p LEFT JOIN numbered n ON {newer}"
    return f"SELECT * FROM ({replaced}) WHERE _replaced_at IS NULL OR NOT ({bound.format(known='_replaced_at')})"


def _window(view: FeatureView, feature: Feature, kinds: Mapping[str, str]) -> str:
    every, over = length(view.every), length(str(feature.over))
    end = f"({floor_index('_t', every)} * {every})"
    standing = _standing(view, f"{{known}} < {end}")
    inside = f"FILTER (WHERE {KNOWN} >= {end} - {over})"
    if feature.column is None:
        value, scale = f"count(*) {inside}", "0"
    else:
        kind = kinds[feature.column]
        read = number(feature.column, kind) if kind in {"integer", "number", "boolean"} else quoted(feature.column)
        counted = feature.kind == "count"
        argument = read if counted else f"CAST({read} AS DOUBLE)"
        function = {"mean": "favg", "sum": "fsum", "std": "stddev_samp"}.get(feature.kind, feature.kind)
        value, scale = f"{function}({argument}) {inside}", "0" if counted else f"max(abs({argument})) {inside}"
    known_of = f"SELECT DISTINCT asked._row FROM asked JOIN facts ON {same(view.entities, 'asked', 'facts')} WHERE {KNOWN} < {end}"
    aggregated = f"SELECT _row, {value} AS _value, {scale} AS _scale FROM ({standing}) GROUP BY _row"
    default = "coalesce(_value, 0)" if feature.kind == "count" else "_value"
    return f"SELECT k._row, CAST({default} AS DOUBLE) AS _value, _scale FROM ({known_of}) k LEFT JOIN ({aggregated}) USING (_row)"


def _latest(view: FeatureView, feature: Feature, kinds: Mapping[str, str]) -> str:
    standing = _standing(view, "{known} <= _t")
    order = f"{EVENT} DESC, {KNOWN} DESC, {ties(fact_columns(view))}"
    value = as_value(str(feature.column), kinds[str(feature.column)])
    newest = f"SELECT _row, _t, max({EVENT}) AS _newest, first({value} ORDER BY {order}) AS _value FROM ({standing}) GROUP BY _row, _t"
    fresh = f"_t - _newest <= {length(view.ttl)}" if view.ttl else "TRUE"
    return f"SELECT _row, CASE WHEN {fresh} THEN _value END AS _value, 0.0 AS _scale FROM ({newest})"

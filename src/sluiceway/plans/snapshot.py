"""Snapshots: a view's value for every entity at one moment, by plain aggregation of the rows themselves.

This is a second way to the numbers that ``windows`` and ``latest`` give for the same moment: no panes, no frames, no
join as of a time. Gate 4 compares the two.
"""

from collections.abc import Mapping

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, facts_sql, newest_sql, ties
from sluiceway.plans.latest import as_value, latest_features
from sluiceway.plans.moments_sql import length
from sluiceway.plans.partials import partials_of, single, told
from sluiceway.plans.quoting import listed, present, quoted, same
from sluiceway.plans.steps import written
from sluiceway.plans.window_frames import window_features


def window_end(view: FeatureView, moment: int) -> int:
    """Floor a moment to the view's ``every``; both in microseconds since the epoch."""
    return moment // length(view.every) * length(view.every)


def snapshot_sql(view: FeatureView, types: Mapping[str, str], *, cutoff: int, corrected: bool) -> str:
    """Select, for each entity known by the cutoff, its columns, ``_event``, ``_known`` and the view's features.

    ``_event`` and ``_known`` are the newest fact's times in microseconds, missing where the view has no latest feature
    or no fact stands. A latest value is given however old it is: its ttl is for the reader to apply. Reads the
    table ``source``.

    Args:
        view: Whose features to compute.
        types: Each source column's kind.
        cutoff: Microseconds since the epoch.
        corrected: Whether some fact has more than one row.
    """
    end, entities = window_end(view, cutoff), view.entities
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        "everyone": _everyone(view),
    }
    sources, columns = ["everyone"], [listed(entities, "everyone")]
    if latest_features(view):
        steps |= {"current": _standing(view, "facts", corrected=corrected), "newest": _newest(view, types)}
        sources.append(f"LEFT JOIN newest ON {same(entities, 'everyone', 'newest')}")
        columns.append(f"newest.{EVENT}, newest.{KNOWN}")
    else:
        columns.append(f"CAST(NULL AS BIGINT) AS {EVENT}, CAST(NULL AS BIGINT) AS {KNOWN}")
    if window_features(view):
        steps |= {"ended": f"SELECT * FROM facts WHERE {KNOWN} < {end}"}
        steps |= {"standing": _standing(view, "ended", corrected=corrected), "summed": _summed(view, types, end)}
        sources.append(f"LEFT JOIN summed ON {same(entities, 'everyone', 'summed')}")
    columns += [_column(view, types, index, end) for index in range(len(view.features))]
    return f"WITH {written(steps)} SELECT {', '.join(columns)} FROM {' '.join(sources)}"


def _standing(view: FeatureView, facts: str, *, corrected: bool) -> str:
    return newest_sql(view, facts=facts) if corrected else f"SELECT * FROM {facts}"


def _everyone(view: FeatureView) -> str:
    entities = view.entities
    return f"SELECT {listed(entities)}, min({KNOWN}) AS _first FROM facts WHERE {present(entities)} GROUP BY ALL"


def _newest(view: FeatureView, types: Mapping[str, str]) -> str:
    values = ", ".join(
        f"{as_value(str(feature.column), types[str(feature.column)])} AS {quoted(view.column(feature))}"
        for feature in latest_features(view)
    )
    order = f"{EVENT} DESC, {KNOWN} DESC, {ties(fact_columns(view))}"
    rank = f"row_number() OVER (PARTITION BY {listed(view.entities)} ORDER BY {order})"
    return f"SELECT {listed(view.entities)}, {EVENT}, {KNOWN}, {values} FROM current QUALIFY {rank} = 1"


def _summed(view: FeatureView, types: Mapping[str, str], end: int) -> str:
    made = []
    for over in dict.fromkeys(str(feature.over) for feature in window_features(view)):
        features = [feature for feature in window_features(view) if feature.over == over]
        inside = f"FILTER (WHERE {KNOWN} >= {end - length(over)})"
        made += [
            f"{partial.of_rows} {inside} AS {quoted(f'{over}_{partial.name}')}"
            for partial in partials_of(features, types)
        ]
    return f"SELECT {listed(view.entities)}, {', '.join(made)} FROM standing GROUP BY {listed(view.entities)}"


def _column(view: FeatureView, types: Mapping[str, str], index: int, end: int) -> str:
    feature = view.features[index]
    name = quoted(view.column(feature))
    if not feature.is_window:
        return f"newest.{name}"
    value = told(feature, types, lambda partial: "summed." + quoted(f"{feature.over}_{partial}"))
    return f"CASE WHEN _first < {end} THEN {single(value)} END AS {name}"

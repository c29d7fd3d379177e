"""Snapshots: a view's value for every entity at one moment, by plain aggregation of the rows themselves.

This is a second way to the numbers that ``windows`` and ``latest`` give for the same moment: no panes, no frames, no
join as of a time. Gate 4 compares the two.
"""

from collections.abc import Iterator, Mapping

from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, facts_sql, newest_sql, ties
from sluiceway.plans.latest import latest_features, latest_values
from sluiceway.plans.moments_sql import length
from sluiceway.plans.partials import single, told
from sluiceway.plans.quoting import listed, present, quoted, same
from sluiceway.plans.steps import written
from sluiceway.plans.window_groups import WindowGroup, over_column, window_groups


def window_end(view: FeatureView, moment: int) -> int:
    """Tell through when a view's windows know all that counts at a moment; both in microseconds since the epoch.

    That is the moment itself where the view has features that may change at any, and else where its pane begins.
    """
    step = window_step(view)
    return moment // step * step


def window_step(view: FeatureView) -> int:
    """Tell by how many microseconds a view's windows go on at a time: a pane, or one where they follow each moment."""
    return 1 if any(group.follows for group in window_groups(view)) else length(view.every)


def snapshot_sql(view: FeatureView, types: Mapping[str, str], *, cutoff: int, corrected: bool) -> str:
    """Select, for each entity known by the cutoff, its columns, ``_event``, ``_known`` and all features not derived.

    ``_event`` and ``_known`` are the newest fact's times in microseconds, missing where the view has no latest feature
    or no fact stands. A latest value is given however old it is: its ttl is for the reader to apply. Reads the
    table ``source``.

    Args:
        view: Whose features to compute.
        types: Each source column's kind.
        cutoff: Microseconds since the epoch.
        corrected: Whether some fact has more than one row.
    """
    entities, groups = view.entities, window_groups(view)
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
    bounds: dict[str, tuple[str, int]] = {}
    for number, group in enumerate(groups):
        begins = cutoff // group.every * group.every
        before = cutoff + 1 if group.follows else begins
        upto = cutoff + 1 if group.is_fresh else begins
        steps |= {
            f"ended_{number}": f"SELECT * FROM facts WHERE {KNOWN} < {before}",
            f"standing_{number}": _standing(view, f"ended_{number}", corrected=corrected),
            f"summed_{number}": _summed(group, types, f"standing_{number}", begins=begins, upto=upto),
        }
        sources.append(f"LEFT JOIN summed_{number} ON {same(entities, 'everyone', f'summed_{number}')}")
        bounds |= {feature.name: (f"summed_{number}", before) for feature in group.features}
    columns += [made for each in view.features if not each.is_derived for made in _columns(view, each, types, bounds)]
    return f"WITH {written(steps)} SELECT {', '.join(columns)} FROM {' '.join(sources)}"


def _standing(view: FeatureView, facts: str, *, corrected: bool) -> str:
    return newest_sql(view, facts=facts) if corrected else f"SELECT * FROM {facts}"


def _everyone(view: FeatureView) -> str:
    entities = view.entities
    return f"SELECT {listed(entities)}, min({KNOWN}) AS _first FROM facts WHERE {present(entities)} GROUP BY ALL"


def _newest(view: FeatureView, types: Mapping[str, str]) -> str:
    values = ", ".join(f"{value} AS {quoted(name)}" for name, value in latest_values(view, types))
    order = f"{EVENT} DESC, {KNOWN} DESC, {ties(fact_columns(view))}"
    rank = f"row_number() OVER (PARTITION BY {listed(view.entities)} ORDER BY {order})"
    return f"SELECT {listed(view.entities)}, {EVENT}, {KNOWN}, {values} FROM current QUALIFY {rank} = 1"


def _summed(group: WindowGroup, types: Mapping[str, str], table: str, *, begins: int, upto: int) -> str:
    made = []
    for over, partials in group.partials(types).items():
        inside = f"FILTER (WHERE {group.time} >= {begins - length(over)} AND {group.time} < {upto})"
        made += [f"{one.of_rows} {inside} AS {quoted(over_column(over, one.name))}" for one in partials]
    entities = listed(group.view.entities)
    return f"SELECT {entities}, {', '.join(made)} FROM {table} GROUP BY {entities}"


def _columns(
    view: FeatureView, feature: Feature, types: Mapping[str, str], bounds: Mapping[str, tuple[str, int]]
) -> Iterator[str]:
    if not feature.is_window:
        yield from (f"newest.{quoted(name)}" for name in view.columns_of(feature))
        return
    table, before = bounds[feature.name]
    values = told(feature, types, lambda partial: f"{table}.{quoted(over_column(str(feature.over), partial))}")
    for name, value in zip(view.columns_of(feature), values, strict=True):
        yield f"CASE WHEN _first < {before} THEN {single(value)} END AS {quoted(name)}"

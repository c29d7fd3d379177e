"""Window frames: panes merged over each window, at each point that is asked for.

Sums, being exact, subtract: the running sum through the window's last pane, less the one through the last pane before
it. Least and greatest values do not; they take a window function over panes and points together.
"""

from collections.abc import Mapping

from sluiceway.declare.feature_view import Feature, FeatureView
from sluiceway.plans.corrections import KNOWN
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import Partial, partials_of
from sluiceway.plans.quoting import listed, quoted, same


def window_features(view: FeatureView) -> tuple[Feature, ...]:
    """Pick the features that aggregate a window."""
    return tuple(feature for feature in view.features if feature.is_window)


def by_over(view: FeatureView) -> dict[str, list[Feature]]:
    """Group the window features by the length of their window."""
    groups: dict[str, list[Feature]] = {}
    for feature in window_features(view):
        groups.setdefault(str(feature.over), []).append(feature)
    return groups


def over_column(over: str, partial: str) -> str:
    """Name a partial merged over one window."""
    return f"{over}_{partial}"


def frame_steps(view: FeatureView, types: Mapping[str, str]) -> dict[str, str]:
    """From ``lasting`` facts and ``points`` to ``framed``: every partial over every window, by entity and ``_pane``."""
    partials = partials_of(window_features(view), types)
    made = ", ".join(f"{partial.of_rows} AS {quoted(partial.name)}" for partial in partials)
    pane = floor_index(KNOWN, length(view.every))
    return {
        "panes": f"SELECT {listed(view.entities)}, {pane} AS _pane, {made} FROM lasting {_reached(view)} GROUP BY ALL",
        "running": _running(view, partials),
        "extremes": _extremes(view, types),
        "framed": _framed(view, types),
    }


def _reached(view: FeatureView) -> str:
    """Leave out rows that no window reaches: one moment needs but the last of a long history."""
    every = length(view.every)
    longest = max(length(over) for over in by_over(view))
    reach = f"(SELECT min(_pane) * {every} - {longest} AS _from, max(_pane) * {every} AS _to FROM points)"
    return f"CROSS JOIN {reach} WHERE {KNOWN} >= _from AND {KNOWN} < _to"


def _running(view: FeatureView, partials: tuple[Partial, ...]) -> str:
    through = f"OVER (PARTITION BY {listed(view.entities)} ORDER BY _pane ROWS UNBOUNDED PRECEDING)"
    sums = [f"sum({quoted(one.name)}) {through} AS {quoted(one.name)}" for one in partials if one.merge == "SUM"]
    return f"SELECT {', '.join([listed(view.entities), '_pane', *sums])} FROM panes"


def _extremes(view: FeatureView, types: Mapping[str, str]) -> str:
    entities, every = listed(view.entities), length(view.every)
    merged = []
    for over, features in by_over(view).items():
        range_ = f"RANGE BETWEEN {length(over) // every} PRECEDING AND 1 PRECEDING"
        merged += [
            f"{one.merge}({quoted(one.name)}) OVER (PARTITION BY {entities} ORDER BY _pane {range_}) "
            f"AS {quoted(over_column(over, one.name))}"
            for one in partials_of(features, types)
            if one.merge != "SUM"
        ]
    united = "SELECT *, FALSE AS _asked FROM panes UNION ALL BY NAME SELECT *, TRUE AS _asked FROM points"
    framed = f"SELECT {', '.join([entities, '_pane', '_asked', *merged])} FROM ({united})"
    return f"SELECT * EXCLUDE (_asked) FROM ({framed}) WHERE _asked"


def _framed(view: FeatureView, types: Mapping[str, str]) -> str:
    columns, joins, extremes = [], [_last_pane(view, "ending", 0)], False
    for number, (over, features) in enumerate(by_over(view).items()):
        before = f"before_{number}"
        joins.append(_last_pane(view, before, length(over) // length(view.every)))
        for partial in partials_of(features, types):
            name = quoted(partial.name)
            column = quoted(over_column(over, partial.name))
            if partial.merge == "SUM":
                columns.append(f"coalesce(ending.{name}, 0) - coalesce({before}.{name}, 0) AS {column}")
            else:
                extremes = True
                columns.append(f"extremes.{column}")
    if extremes:
        joins.append(
            f"LEFT JOIN extremes ON {same(view.entities, 'points', 'extremes')} AND points._pane = extremes._pane"
        )
    place = f"{listed(view.entities, 'points')}, points._pane"
    return f"SELECT {place}, {', '.join(columns)} FROM points {' '.join(joins)}"


def _last_pane(view: FeatureView, name: str, back: int) -> str:
    """Join the running sums through the last pane that ends no later than ``back`` panes before the point."""
    before = f"points._pane - {back} > {name}._pane"
    return f"ASOF LEFT JOIN running {name} ON {same(view.entities, 'points', name)} AND {before}"

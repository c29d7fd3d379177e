"""Window frames: which windows a view has, and the panes that they are merged from."""

from collections.abc import Mapping

from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import KNOWN, UNTIL, facts_sql, versions_sql
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import partials_of
from sluiceway.plans.quoting import listed, present, quoted
from sluiceway.plans.steps import written


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


def panes_sql(view: FeatureView, types: Mapping[str, str], *, cutoff: int, corrected: bool) -> str:
    """Select the partials of each entity's panes, those that some window reaches.

    Reads two tables: ``source`` with the facts, and ``points`` with ``_pane``.

    Args:
        view: Whose window features to compute.
        types: Each source column's kind.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
        corrected: Whether some fact has more than one row; replaced ones are left out.
    """
    partials = partials_of(window_features(view), types)
    made = ", ".join(f"{partial.of_rows} AS {quoted(partial.name)}" for partial in partials)
    pane = floor_index(KNOWN, length(view.every))
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        **({"versions": versions_sql(view)} if corrected else {}),
        "lasting": f"SELECT * FROM versions WHERE {UNTIL} IS NULL" if corrected else "SELECT * FROM facts",
    }
    counted = f"SELECT {listed(view.entities)}, {pane} AS _pane, {made} FROM lasting {_reached(view)}"
    return f"WITH {written(steps)} {counted} AND {present(view.entities)} GROUP BY ALL"


def _reached(view: FeatureView) -> str:
    """Leave out rows that no window reaches: one moment needs but the last of a long history."""
    every = length(view.every)
    longest = max(length(over) for over in by_over(view))
    reach = f"(SELECT min(_pane) * {every} - {longest} AS _from, max(_pane) * {every} AS _to FROM points)"
    return f"CROSS JOIN {reach} WHERE {KNOWN} >= _from AND {KNOWN} < _to"

"""Windows: aggregates over what became known in ``[floor(t, every) - over, floor(t, every))``.

Rows are aggregated to panes of length ``every``, aligned to the epoch in UTC (``window_frames``); panes are merged over
the windows of each distinct (entity, pane) that is asked for, a point; then each row of the spine takes its point's
answer. Facts that were corrected are few: while a replaced version counted, it is merged in as rows
(``window_corrections``).

An entity of which nothing was known before the window's end has no features at all; one that was known has a count of 0
in a window in which nothing became known.
"""

from collections.abc import Mapping

from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import KNOWN, facts_sql, versions_sql
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import partials_of, single, told
from sluiceway.plans.quoting import listed, present, quoted, same
from sluiceway.plans.steps import written
from sluiceway.plans.window_corrections import correction_steps
from sluiceway.plans.window_frames import by_over, over_column, window_features


def windows_sql(view: FeatureView, types: Mapping[str, str], *, cutoff: int, corrected: bool) -> str:
    """Select ``_row`` and the view's window features for every row of the table ``spine``.

    Reads three tables: ``spine`` with ``_row``, ``_at`` and the entity columns, ``source`` with the facts, and
    ``frames`` with every partial merged over every window, by entity and ``_pane``.

    Args:
        view: Whose window features to compute.
        types: Each source column's kind.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
        corrected: Whether some fact has more than one row.
    """
    entities, every = view.entities, length(view.every)
    pane_asked = floor_index("epoch_us(_at)", every)
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        "asked": f"SELECT _row, {listed(entities)}, {pane_asked} AS _pane FROM spine WHERE {present(entities)}",
        "seen": f"SELECT {listed(entities)}, min({floor_index(KNOWN, every)}) AS _first FROM facts GROUP BY ALL",
        "framed": _framed(view, types),
        **({"versions": versions_sql(view), **correction_steps(view, types)} if corrected else {}),
        "answers": _answers(view, types, table="merged" if corrected else "framed"),
    }
    names = listed((view.column(feature) for feature in window_features(view)), "answers")
    answer = f"LEFT JOIN answers ON {same(entities, 'asked', 'answers')} AND asked._pane = answers._pane"
    every_row = "(SELECT _row FROM spine) spine LEFT JOIN asked ON spine._row = asked._row"
    return f"WITH {written(steps)} SELECT spine._row, {names} FROM {every_row} {answer}"


def _framed(view: FeatureView, types: Mapping[str, str]) -> str:
    """Read sums as the integers that they are; Arrow has none of 128 bits."""
    sums = ", ".join(
        f"CAST({name} AS HUGEINT) AS {name}"
        for over, features in by_over(view).items()
        for partial in partials_of(features, types)
        if partial.merge == "SUM"
        for name in [quoted(over_column(over, partial.name))]
    )
    return f"SELECT * REPLACE ({sums}) FROM frames" if sums else "SELECT * FROM frames"


def _answers(view: FeatureView, types: Mapping[str, str], *, table: str) -> str:
    def answer(over: str, feature: Feature) -> str:
        value = single(told(feature, types, lambda name: quoted(over_column(over, name))))
        return f"CASE WHEN _first < {table}._pane THEN {value} END AS {quoted(view.column(feature))}"

    values = ", ".join(answer(over, feature) for over, features in by_over(view).items() for feature in features)
    seen = f"LEFT JOIN seen ON {same(view.entities, table, 'seen')}"
    return f"SELECT {listed(view.entities, table)}, {table}._pane, {values} FROM {table} {seen}"

"""Windows: aggregates over what was known in a stretch of time before each prediction (see ``window_groups``).

Facts are aggregated to panes (``window_frames``); panes are merged over the windows of each distinct (entity, end) that
is asked for, a point; facts that lie in no pane are merged in as rows (``window_rows``); then each row of the spine
takes its point's answer.

An entity of which nothing was known in time has no features at all; one that was known has a count of 0 in a window in
which nothing lies.
"""

from collections.abc import Iterator, Mapping

from sluiceway.declare.feature import Feature
from sluiceway.plans.corrections import KNOWN, facts_sql
from sluiceway.plans.partials import single, told
from sluiceway.plans.quoting import listed, present, quoted, same
from sluiceway.plans.steps import written
from sluiceway.plans.window_groups import WindowGroup, over_column
from sluiceway.plans.window_rows import has_rows, row_steps


def windows_sql(group: WindowGroup, types: Mapping[str, str], *, cutoff: int, corrected: bool) -> str:
    """Select ``_row`` and a group's window features for every row of the table ``spine``.

    Reads three tables: ``spine`` with ``_row``, ``_at`` and the entity columns, ``source`` with the facts, and
    ``frames`` with every partial merged over every window of panes, by entity, ``_pane`` and ``_end``.

    Args:
        group: Which window features to compute.
        types: Each source column's kind.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
        corrected: Whether some fact has more than one row.
    """
    view = group.view
    entities, end = view.entities, group.known_before("epoch_us(_at)")
    merged = has_rows(group, corrected=corrected)
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        "asked": f"SELECT _row, {listed(entities)}, {end} AS _end FROM spine WHERE {present(entities)}",
        "seen": f"SELECT {listed(entities)}, min({KNOWN}) AS _first FROM facts GROUP BY ALL",
        "framed": _framed(group, types),
        **(row_steps(group, types, corrected=corrected) if merged else {}),
        "answers": _answers(group, types, table="merged" if merged else "framed"),
    }
    names = listed((name for feature in group.features for name in view.columns_of(feature)), "answers")
    answer = f"LEFT JOIN answers ON {same(entities, 'asked', 'answers')} AND asked._end = answers._end"
    every_row = "(SELECT _row FROM spine) spine LEFT JOIN asked ON spine._row = asked._row"
    return f"WITH {written(steps)} SELECT spine._row, {names} FROM {every_row} {answer}"


def _framed(group: WindowGroup, types: Mapping[str, str]) -> str:
    """Read sums as the integers that they are; Arrow has none of 128 bits."""
    sums = ", ".join(
        f"CAST({name} AS HUGEINT) AS {name}"
        for over, partials in group.partials(types).items()
        for partial in partials
        if partial.merge == "SUM"
        for name in [quoted(over_column(over, partial.name))]
    )
    return f"SELECT * REPLACE ({sums}) FROM frames" if sums else "SELECT * FROM frames"


def _answers(group: WindowGroup, types: Mapping[str, str], *, table: str) -> str:
    view = group.view

    def answers(over: str, feature: Feature) -> Iterator[str]:
        values = told(feature, types, lambda name: quoted(over_column(over, name)))
        for name, value in zip(view.columns_of(feature), values, strict=True):
            yield f"CASE WHEN _first < {table}._end THEN {single(value)} END AS {quoted(name)}"

    by_over = group.by_over.items()
    values = ", ".join(value for over, features in by_over for feature in features for value in answers(over, feature))
    seen = f"LEFT JOIN seen ON {same(view.entities, table, 'seen')}"
    return f"SELECT {listed(view.entities, table)}, {table}._end, {values} FROM {table} {seen}"

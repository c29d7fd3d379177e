"""Windows: aggregates over what became known in ``[floor(t, every) - over, floor(t, every))``.

Rows are aggregated to panes of length ``every``, aligned to the epoch in UTC; each distinct (entity, pane) that is asked
for is answered once, by window functions over panes; then each row of the spine takes its answer. Facts that were
corrected are few: while a replaced version counted, it is merged in as rows.

An entity of which nothing was known before the window's end has no features at all; one that was known has a count of 0
in a window in which nothing became known.
"""

from collections.abc import Mapping

from sluiceway.declare.feature_view import Feature, FeatureView
from sluiceway.plans.corrections import KNOWN, UNTIL, facts_sql, versions_sql
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import Partial, partials_of, single, told
from sluiceway.plans.quoting import listed, present, quoted, same


def window_features(view: FeatureView) -> tuple[Feature, ...]:
    """Pick the features that aggregate a window."""
    return tuple(feature for feature in view.features if feature.is_window)


def windows_sql(view: FeatureView, types: Mapping[str, str], *, cutoff: int, corrected: bool) -> str:
    """Select ``_row`` and the view's window features for every row of the table ``spine``.

    Reads two tables: ``spine`` with ``_row``, ``_at`` and the entity columns, and ``source`` with the facts.

    Args:
        view: Whose window features to compute.
        types: Each source column's kind.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
        corrected: Whether some fact has more than one row.
    """
    entities, every = view.entities, length(view.every)
    spine = f"SELECT _row, {listed(entities)}, {floor_index('epoch_us(_at)', every)} AS _pane FROM spine WHERE {present(entities)}"
    steps = {
        "facts": facts_sql(view, table="source", cutoff=cutoff),
        "versions": versions_sql(view) if corrected else f"SELECT *, NULL AS {UNTIL} FROM facts",
        "lasting": f"SELECT * FROM versions WHERE {UNTIL} IS NULL",
        "asked": spine,
        "points": f"SELECT DISTINCT {listed(entities)}, _pane FROM asked",
        "seen": f"SELECT {listed(entities)}, min({floor_index(KNOWN, every)}) AS _first FROM facts GROUP BY ALL",
        **_framed(view, types),
        **(_replaced(view, types) if corrected else {}),
        "answers": _answers(view, types, corrected=corrected),
    }
    names = listed(view.column(feature) for feature in window_features(view))
    answer = f"answers ON {same(entities, 'spine', 'answers')} AND asked._pane = answers._pane"
    told_rows = f"spine LEFT JOIN asked USING (_row) LEFT JOIN {answer}"
    return f"WITH {_written(steps)} SELECT spine._row, {names} FROM {told_rows}"


def _written(steps: Mapping[str, str]) -> str:
    return ", ".join(f"{name} AS ({sql})" for name, sql in steps.items())


def _by_over(view: FeatureView) -> dict[str, list[Feature]]:
    groups: dict[str, list[Feature]] = {}
    for feature in window_features(view):
        groups.setdefault(str(feature.over), []).append(feature)
    return groups


def _framed(view: FeatureView, types: Mapping[str, str]) -> dict[str, str]:
    """Merge the panes of lasting facts over each window, at each point."""
    partials = partials_of(window_features(view), types)
    entities, every = listed(view.entities), length(view.every)
    made = ", ".join(f"{partial.of_rows} AS {quoted(partial.name)}" for partial in partials)
    panes = (
        f"SELECT {entities}, {floor_index(KNOWN, every)} AS _pane, FALSE AS _asked, {made} FROM lasting GROUP BY ALL"
    )
    frames, merged = [], []
    for over, features in _by_over(view).items():
        span = length(over) // every
        frames.append(
            f"{quoted('over_' + over)} AS (PARTITION BY {entities} ORDER BY _pane RANGE BETWEEN {span} PRECEDING AND 1 PRECEDING)"
        )
        merged += [
            f"{partial.merge}({quoted(partial.name)}) OVER {quoted('over_' + over)} AS {quoted(_in(over, partial.name))}"
            for partial in partials_of(features, types)
        ]
    united = "SELECT * FROM panes UNION ALL BY NAME SELECT *, TRUE AS _asked FROM points"
    return {
        "panes": panes,
        "united": united,
        "framed": f"SELECT {entities}, _pane, _asked, {', '.join(merged)} FROM united WINDOW {', '.join(frames)}",
    }


def _in(over: str, partial: str) -> str:
    return f"{over}_{partial}"


def _replaced(view: FeatureView, types: Mapping[str, str]) -> dict[str, str]:
    """Aggregate, for each window and point, the versions that counted then and were replaced later."""
    return {
        "replaced": f"SELECT * FROM versions WHERE {UNTIL} > {KNOWN}",
        **{
            f"replaced_{over}": _replaced_over(view, over, partials_of(features, types))
            for over, features in _by_over(view).items()
        },
    }


def _replaced_over(view: FeatureView, over: str, partials: tuple[Partial, ...]) -> str:
    every, span = length(view.every), length(over)
    end = f"points._pane * {every}"
    # A window of length `over` touches at most two epoch-aligned stretches of that length: an equality to join by.
    first, last = floor_index(f"_pane * {every} - {span}", span), floor_index(f"_pane * {every} - 1", span)
    stretched = f"SELECT *, unnest(range({first}, {last} + 1)) AS _stretch FROM points"
    rows = f"SELECT *, {floor_index(KNOWN, span)} AS _stretch FROM replaced"
    inside = f"r.{KNOWN} < {end} AND r.{KNOWN} >= {end} - {span} AND r.{UNTIL} >= {end}"
    made = ", ".join(f"{partial.of_rows} AS {quoted(_in(over, partial.name))}" for partial in partials)
    matched = (
        f"SELECT points._pane, r.* FROM ({stretched}) points JOIN ({rows}) r "
        f"ON {same(view.entities, 'points', 'r')} AND points._stretch = r._stretch WHERE {inside}"
    )
    return f"SELECT {listed(view.entities)}, _pane, {made} FROM ({matched}) GROUP BY {listed(view.entities)}, _pane"


def _answers(view: FeatureView, types: Mapping[str, str], *, corrected: bool) -> str:
    by_name = {partial.name: partial for partial in partials_of(window_features(view), types)}

    def merged(over: str, name: str) -> str:
        column = quoted(_in(over, name))
        if not corrected:
            return f"framed.{column}"
        replaced = f"{quoted('replaced_' + over)}.{column}"
        return f"({by_name[name].of_two(f'framed.{column}', replaced)})"

    def answer(over: str, feature: Feature) -> str:
        value = single(told(feature, types, lambda name: merged(over, name)))
        return f"CASE WHEN _first < framed._pane THEN {value} END AS {quoted(view.column(feature))}"

    told_all = ", ".join(answer(over, feature) for over, features in _by_over(view).items() for feature in features)
    joins = [f"LEFT JOIN seen ON {same(view.entities, 'framed', 'seen')}"]
    if corrected:
        for over in _by_over(view):
            other = quoted(f"replaced_{over}")
            joins.append(
                f"LEFT JOIN {other} ON {same(view.entities, 'framed', other)} AND framed._pane = {other}._pane"
            )
    return (
        f"SELECT {listed(view.entities, 'framed')}, framed._pane, {told_all} FROM framed {' '.join(joins)} WHERE _asked"
    )

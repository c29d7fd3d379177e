"""Arriving panes: a view's windows kept up as facts arrive in batches, in any order, by statements any engine can run.

Kept are the facts, and for each entity and pane of ``every`` the partials of its facts that have but one version, as of
the last batch that touched the pane. A batch touches the panes of its own facts and of all versions of what it
corrects. Facts with several versions are few: they are aggregated as rows, when values are asked for.
"""

from collections.abc import Iterator, Mapping

from sluiceway.core.errors import MisuseError
from sluiceway.declare.expression import Expression
from sluiceway.declare.feature import DERIVED, Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, identity, newest_sql
from sluiceway.plans.derived import derived_features, derived_sql
from sluiceway.plans.moments_sql import floor_index, length
from sluiceway.plans.partials import Partial, partials_of, single, told
from sluiceway.plans.quoting import listed, present, quoted, same
from sluiceway.plans.steps import written
from sluiceway.plans.window_groups import WindowGroup, over_column, window_groups

BATCH, PANE, VERSIONS = "_batch", "_pane", "_versions"
MERGED = ("mean", "count", "sum", "min", "max", "std")
COUNTS = frozenset({"rows", "count", "std:spread"})


def streamed_group(view: FeatureView) -> WindowGroup:
    """Give the window features of a view that can be kept up in this way.

    Raises:
        MisuseError: the view has others: latest ones, fresh ones, or windows of event_time.
    """
    others = [feature.name for feature in view.features if feature.kind not in {*MERGED, DERIVED}]
    groups = window_groups(view)
    others += [feature.name for group in groups if group.follows for feature in group.features]
    if others or not groups:
        raise MisuseError(
            f"view {view.name!r}: a stream on Spark keeps up windows over known_time that end with a pane; "
            f"{', '.join(dict.fromkeys(others))} cannot be. Compute these in a batch, or by sluiceway stream"
        )
    return groups[0]


def touched_panes_sql(view: FeatureView, kinds: Mapping[str, str]) -> str:
    """Select the panes that a batch touches, made anew: entities, ``_pane``, ``_first`` (known_time) and partials.

    Reads the tables ``facts``, with everything so far, and ``arrived``, the batch alone; both with the view's columns,
    ``_event`` and ``_known``.
    """
    group, entities = streamed_group(view), view.entities
    place, pane = f"{listed(entities)}, {PANE}", floor_index(KNOWN, group.every)
    which = identity(view.source.keys, entities)
    touched = f"SELECT {listed(entities)}, {pane} AS {PANE} FROM arrived WHERE {present(entities)}"
    steps = {"sized": _sized(view)}
    if which:
        steps["changed"] = f"SELECT DISTINCT {listed(which)} FROM arrived WHERE {present(view.source.keys)}"
        rows = f"SELECT f.* FROM facts f JOIN changed c ON {same(which, 'f', 'c')}"
        touched += f" UNION ALL SELECT {listed(entities)}, {pane} AS {PANE} FROM ({rows}) r WHERE {present(entities)}"
    steps["touched"] = f"SELECT DISTINCT {place} FROM ({touched}) t"
    met = f"{same(entities, 'f', 't')} AND f.{PANE} = t.{PANE}"
    rows = f"SELECT f.* FROM (SELECT *, {pane} AS {PANE} FROM sized) f JOIN touched t ON {met}"
    made = "".join(
        f", {partial.of_rows} FILTER (WHERE {VERSIONS} = 1) AS p{number}"
        for number, partial in enumerate(partials_of(group.features, kinds))
    )
    return f"WITH {written(steps)} SELECT {place}, min({KNOWN}) AS _first{made} FROM ({rows}) r GROUP BY {place}"


def values_from_panes_sql(view: FeatureView, kinds: Mapping[str, str], *, cutoff: int) -> str:
    """Select what ``snapshot_sql`` does, from panes and facts; nothing in them may be known later than the cutoff.

    Reads the tables ``panes``, all that batches made, with ``_batch``, and ``facts``.
    """
    group, entities = streamed_group(view), view.entities
    end = cutoff // group.every * group.every
    newest = f"row_number() OVER (PARTITION BY {listed(entities)}, {PANE} ORDER BY {BATCH} DESC) = 1"
    needed = group.partials(kinds)
    loose = "".join(
        f", {one.of_rows} FILTER (WHERE {KNOWN} >= {end - length(over)}) AS {quoted(over_column(over, one.name))}"
        for over, partials in needed.items()
        for one in partials
    )
    columns = ", ".join(
        f"{one.of_two(f'f.{name}', f'l.{name}')} AS {name}"
        for over, partials in needed.items()
        for one in partials
        for name in [quoted(over_column(over, one.name))]
    )
    values = ", ".join(value for feature in group.features for value in _values(view, feature, kinds, end))
    steps = {
        "latest_panes": f"SELECT * FROM panes QUALIFY {newest}",
        "framed": _framed(group, kinds, end),
        "sized": _sized(view),
        "several": f"SELECT * FROM sized WHERE {VERSIONS} > 1 AND {KNOWN} < {end}",
        "standing": newest_sql(view, facts="several"),
        "loose": f"SELECT {listed(entities)}{loose} FROM standing GROUP BY {listed(entities)}",
        "merged": f"SELECT {listed(entities, 'f')}, f._first, {columns} FROM framed f "
        f"LEFT JOIN loose l ON {same(entities, 'f', 'l')}",
    }
    times = f"CAST(NULL AS BIGINT) AS {EVENT}, CAST(NULL AS BIGINT) AS {KNOWN}"
    shown = f"SELECT {listed(entities)}, {times}, {values} FROM merged"
    if derived_features(view):
        shown = derived_sql(view, kinds, shown, keep=[*entities, EVENT, KNOWN])
    return f"WITH {written(steps)} {shown}"


def times_of(view: FeatureView) -> dict[str, Expression]:
    """Give what makes a fact's two times of the columns of its row.

    Raises:
        MisuseError: the source has no times.
    """
    event, known = view.source.event_expression, view.source.known_expression
    if event is None or known is None:
        raise MisuseError(f"view {view.name!r}: its source has no event_time")
    return {EVENT: event, KNOWN: known}


def arriving_facts_sql(view: FeatureView) -> str:
    """Select what is kept of the rows of the table ``arriving``: the view's columns, and two times."""
    times = ", ".join(f"epoch_us(CAST({made.sql} AS TIMESTAMPTZ)) AS {name}" for name, made in times_of(view).items())
    rows = f"SELECT {listed(fact_columns(view))}, {times} FROM arriving"
    return f"SELECT * FROM ({rows}) r WHERE {EVENT} IS NOT NULL AND {KNOWN} IS NOT NULL"


def _sized(view: FeatureView) -> str:
    """Count the versions of each fact."""
    which = identity(view.source.keys, view.entities)
    if not which:
        return f"SELECT *, 1 AS {VERSIONS} FROM facts"
    counted = f"count(*) OVER (PARTITION BY {listed(which)})"
    return f"SELECT *, CASE WHEN {present(view.source.keys)} THEN {counted} ELSE 1 END AS {VERSIONS} FROM facts"


def _framed(group: WindowGroup, kinds: Mapping[str, str], end: int) -> str:
    places = {one.name: f"p{number}" for number, one in enumerate(partials_of(group.features, kinds))}
    made = "".join(
        f", {_merged(one, places[one.name], over, group, end)} AS {quoted(over_column(over, one.name))}"
        for over, partials in group.partials(kinds).items()
        for one in partials
    )
    entities = listed(group.view.entities)
    return f"SELECT {entities}, min(_first) AS _first{made} FROM latest_panes GROUP BY {entities}"


def _merged(partial: Partial, column: str, over: str, group: WindowGroup, end: int) -> str:
    first = (end - length(over)) // group.every
    inside = f"FILTER (WHERE {PANE} >= {first} AND {PANE} < {end // group.every})"
    if partial.merge != "SUM":
        return f"{partial.merge.lower()}({column}) {inside}"
    total = f"sum(CAST({column} AS HUGEINT)) {inside}"
    return f"CAST({total} AS BIGINT)" if partial.part in COUNTS else total


def _values(view: FeatureView, feature: Feature, kinds: Mapping[str, str], end: int) -> Iterator[str]:
    values = told(feature, kinds, lambda partial: quoted(over_column(str(feature.over), partial)))
    for name, value in zip(view.columns_of(feature), values, strict=True):
        yield f"CASE WHEN _first < {end} THEN {single(value)} END AS {quoted(name)}"

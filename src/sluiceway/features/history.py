"""History: one entity's features of a view over time, as the offline plan has them at each moment."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.point_in_time import Facts, features_at
from sluiceway.plans.moments_sql import length
from sluiceway.plans.quoting import listed, same
from sluiceway.plans.window_groups import window_features

MOST = 10_000  # moments that a command looks at
TIME = pa.timestamp("us", "UTC")

Entity = Mapping[str, object]


def values_at(facts: Facts, view: FeatureView, entity: Entity, moments: Sequence[int]) -> pa.Table:
    """Compute a view for one entity at moments, microseconds, ascending: ``_at`` and the features."""
    many = len(moments)
    kinds = facts.kinds_for(view)
    types = {"integer": pa.int64(), "boolean": pa.bool_()}
    own = {name: pa.array([entity[name]] * many, types.get(kinds[name], pa.string())) for name in view.entities}
    at = pa.array(moments, pa.int64()).cast(TIME)
    spine = pa.table({"_row": pa.array(range(many), pa.int64()), "_at": at, **own})
    made = features_at(facts, view, spine).sort_by("_row")
    return pa.table({"_at": at, **{name: made[name] for name in view.columns}})


def moments_of_change(facts: Facts, view: FeatureView, entity: Entity, *, low: int, high: int) -> list[int]:
    """List the moments from ``low`` to ``high`` (microseconds) at which an entity's features may change, ascending.

    They are when a fact becomes known, enters a window, leaves one, or grows too old.
    """
    times = _times(facts, view, entity)
    every = length(view.every)
    windows = {length(str(feature.over)) for feature in window_features(view)}
    found = {low}
    for moment in times:
        found.add(moment)
        if windows:
            entered = moment // every * every + every
            found |= {entered, *(entered + over for over in windows)}
        if view.ttl:
            found.add(moment + length(view.ttl) + 1)
    return sorted(each for each in found if low <= each <= high)


def known_from_until(facts: Facts, view: FeatureView, entity: Entity) -> tuple[int | None, int | None]:
    """Tell when the first fact about an entity became known, and when the newest of the source did by the cutoff."""
    asked = pa.table({name: [entity[name]] for name in view.entities})
    own = f"(SELECT min(epoch_us({KNOWN_TIME})) FROM known JOIN asked ON {same(view.entities, 'known', 'asked')})"
    known = f"WITH known AS (SELECT * FROM source WHERE epoch_us({KNOWN_TIME}) <= {facts.cutoff})"
    sql = f"{known} SELECT {own}, max(epoch_us({KNOWN_TIME})) FROM known"
    first, last = (column[0].as_py() for column in facts.ask(sql, source=facts.rows(view), asked=asked).columns)
    return first, last


def changes(table: pa.Table) -> pa.Table:
    """Keep the rows whose values are not those of the row before."""
    rows = table.drop_columns(["_at"]).to_pylist()
    kept = [0] if rows else []
    kept += [place for place, (before, now) in enumerate(pairwise(rows), start=1) if before != now]
    return table.take(pa.array(kept, pa.int64()))


def _times(facts: Facts, view: FeatureView, entity: Entity) -> list[int]:
    """Give every time of the facts about an entity, and of the other versions of these facts."""
    asked = pa.table({name: [entity[name]] for name in view.entities})
    keys = [name for name in view.source.keys if name not in view.entities]
    own = f"SELECT source.* FROM source JOIN asked ON {same(view.entities, 'source', 'asked')}"
    facts_sql = f"SELECT * FROM source SEMI JOIN own USING ({listed(keys)}) UNION ALL FROM own" if keys else "FROM own"
    times = " UNION ALL ".join(f"SELECT epoch_us({name}) AS t FROM versions" for name in (KNOWN_TIME, EVENT_TIME))
    sql = f"WITH own AS ({own}), versions AS ({facts_sql}) SELECT DISTINCT t FROM ({times}) WHERE t IS NOT NULL"
    found: list[int] = facts.ask(sql, source=facts.rows_about(view, asked), asked=asked)["t"].to_pylist()
    return found


def grid(*, low: int, high: int, step: int) -> range:
    """Give the multiples of a step from one moment to another.

    >>> list(grid(low=3, high=10, step=4))
    [4, 8]
    """
    return range(-(-low // step) * step, high + 1, step)

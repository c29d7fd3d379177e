"""Touched entities: those whose value may be another at one moment than at another, by the facts between.

A fact counts from when it became known, and until it has left the longest of a view's windows; by event_time also from
when it was true. A corrected fact touches every entity that any of its versions is about. An entity that is not touched
has the same values at both moments.
"""

from sluiceway.declare.feature_view import BY_EVENT, FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, identity
from sluiceway.plans.moments_sql import length
from sluiceway.plans.quoting import listed, present, same
from sluiceway.plans.window_groups import window_features


def touched_sql(view: FeatureView, *, low: int, high: int) -> str:
    """Select the rows of ``facts`` that come or go between two moments: entities, keys and ``_event``.

    Args:
        view: Whose entities to find.
        low: The earlier moment, microseconds since the epoch.
        high: The later one.
    """
    windows = {length(str(feature.over)) for feature in window_features(view)}
    begin = low // length(view.every) * length(view.every)
    spans = [(begin, high), *((begin - over, high - over) for over in sorted(windows))]
    times = (KNOWN, EVENT) if view.windows == BY_EVENT else (KNOWN,)
    moved = " OR ".join(f"{time} BETWEEN {first} AND {last}" for time in times for first, last in spans)
    return f"SELECT {_columns(view)} FROM facts WHERE {moved}"


def differing_sql(view: FeatureView) -> str:
    """Select the rows of ``facts`` that ``earlier`` lacks, and the other way round: entities, keys and ``_event``."""
    columns = listed([*fact_columns(view), EVENT, KNOWN])
    one, other = f"SELECT {columns} FROM facts", f"SELECT {columns} FROM earlier"
    both = f"(({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))"
    return f"SELECT {_columns(view)} FROM ({both})"


def entities_sql(view: FeatureView) -> str:
    """Select the entities of the rows ``moved``, and of all rows of ``facts`` about the same facts, each once."""
    entities = view.entities
    which = identity(view.source.keys, entities)
    own = f"SELECT {listed(entities)} FROM moved"
    if not which:
        return f"SELECT DISTINCT * FROM ({own}) WHERE {present(entities)}"
    about = f"SELECT {listed(entities)} FROM facts SEMI JOIN moved USING ({listed(which)})"
    return f"SELECT DISTINCT * FROM ({own} UNION ALL {about}) WHERE {present(entities)}"


def kept_sql(view: FeatureView) -> str:
    """Select the rows of ``source`` that bear on ``entities``: theirs, and those about facts that were ever theirs."""
    entities, which = view.entities, identity(view.source.keys, view.entities)
    own = f"EXISTS (SELECT 1 FROM entities AS e WHERE {same(entities, 'source', 'e')})"
    if not which or EVENT in which:
        return f"SELECT * FROM source WHERE {own}"
    theirs = f"SELECT DISTINCT {listed(which)} FROM source WHERE {own} AND {present(which)}"
    fact = f"EXISTS (SELECT 1 FROM theirs AS t WHERE {same(which, 'source', 't')})"
    return f"WITH theirs AS ({theirs}) SELECT * FROM source WHERE {own} OR {fact}"


def _columns(view: FeatureView) -> str:
    names = dict.fromkeys([*view.entities, *view.source.keys])
    return f"{listed(names)}, {EVENT}"

"""Corrections: a later row about the same fact replaces the earlier one, from the moment it became known.

Which rows are about the same fact: those with equal key, where the key identifies a fact (``flight_id``). Where all of
a source's key columns are among the view's entity columns (weather by ``origin``), the key only says whose series it
is, and the fact is one point of that series: equal key *and* equal ``event_time``.

So for a key that identifies a fact, a correction may also change its ``event_time``; for a series it cannot: a row with
another ``event_time`` is another point, and the earlier one stands. Rows with a missing key correct nothing.

Among rows about one fact the newest is the one with the greatest (known_time, event_time, other columns in the order of
their names, missing values least). A corrected fact counts at its correction's ``known_time``.
"""

from collections.abc import Sequence

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.quoting import listed, quoted

EVENT = "_event"
KNOWN = "_known"
UNTIL = "_until"


def identity(keys: Sequence[str], entities: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of ``facts`` that say which fact a row is about; none when the source has no key."""
    if not keys:
        return ()
    return (*keys, EVENT) if set(keys) <= set(entities) else tuple(keys)


def fact_columns(view: FeatureView) -> tuple[str, ...]:
    """Name the source's columns that a view reads, its times aside, in the order of their names."""
    used = {column for feature in view.features for column in feature.reads}
    return tuple(sorted(used | set(view.entities) | set(view.source.keys)))


def ties(columns: Sequence[str]) -> str:
    """Order rows that nothing else tells apart, so that every read agrees."""
    return ", ".join(f"{quoted(column)} DESC NULLS LAST" for column in columns)


def newest_first(columns: Sequence[str]) -> str:
    """Order the versions of one fact, the one that counts first."""
    return f"{KNOWN} DESC, {EVENT} DESC, {ties(columns)}"


def facts_sql(view: FeatureView, *, table: str, cutoff: int) -> str:
    """Select a view's rows known by the cutoff, times as microseconds; rows without a time are left out.

    Rows without an entity stay, as they may correct rows that had one.

    Args:
        view: Whose columns to take.
        table: The source's rows, with ``_event_time`` and ``_known_time``.
        cutoff: Microseconds since the epoch.
    """
    return (
        f"SELECT {listed(fact_columns(view))}, epoch_us(_event_time) AS {EVENT}, epoch_us(_known_time) AS {KNOWN} "
        f"FROM {table} WHERE _event_time IS NOT NULL AND epoch_us(_known_time) <= {cutoff}"
    )


def repeated_sql(view: FeatureView, *, table: str, cutoff: int) -> str:
    """Ask whether any fact has more than one row: one row, one boolean column ``repeated``."""
    which = identity(view.source.keys, view.entities)
    if not which:
        return "SELECT FALSE AS repeated"
    facts = facts_sql(view, table=table, cutoff=cutoff)
    named = " AND ".join(f"{quoted(key)} IS NOT NULL" for key in view.source.keys)
    counted = f"SELECT count(*) AS _rows FROM facts WHERE {named} GROUP BY {listed(which)}"
    return f"WITH facts AS ({facts}) SELECT coalesce(max(_rows), 0) > 1 AS repeated FROM ({counted}) c"


def versions_sql(view: FeatureView, *, facts: str = "facts") -> str:
    """Add ``_until`` to facts: when the next version of the same fact became known; missing while none did."""
    named = " AND ".join(f"{quoted(key)} IS NOT NULL" for key in view.source.keys)
    which = listed(identity(view.source.keys, view.entities))
    order = newest_first(fact_columns(view))
    newer = f"lag({KNOWN}) OVER (PARTITION BY {which} ORDER BY {order})"
    return f"SELECT *, CASE WHEN {named} THEN {newer} END AS {UNTIL} FROM {facts}"


def newest_sql(view: FeatureView, *, facts: str, within: Sequence[str] = ()) -> str:
    """Keep only the newest version of each fact among given rows, ``within`` each value of further columns."""
    which = identity(view.source.keys, view.entities)
    if not which:
        return f"SELECT * FROM {facts}"
    missing = " OR ".join(f"{quoted(key)} IS NULL" for key in view.source.keys)
    order = newest_first(fact_columns(view))
    rank = f"row_number() OVER (PARTITION BY {listed((*within, *which))} ORDER BY {order})"
    return f"SELECT * FROM {facts} QUALIFY {missing} OR {rank} = 1"

"""Last values: the numbers of a set of facts that became known last, in SQL, in memory and in plain Python alike.

Each is kept with its times as ``(known_time, event_time, value)``, microseconds since the epoch, the greatest first: of
facts that agree in both times the one with the greater value. So the order rests on the feature alone, and on no other
column that a view happens to read. Values are what float32 holds, and zero has no sign.
"""

from collections.abc import Collection
from heapq import nlargest

import polars as pl

from sluiceway.plans.corrections import EVENT, KNOWN

Told = tuple[int, int, float]
STORED = pl.List(pl.Struct({"known": pl.Int64, "event": pl.Int64, "value": pl.Float64}))


def part_of(count: int) -> str:
    """Name the part of a partial that keeps so many."""
    return f"last:{count}"


def last_sql(value: str, count: int) -> str:
    """Aggregate facts, in SQL, to the last of their values, given as float32 holds them."""
    fact = f"{{'known': {KNOWN}, 'event': {EVENT}, 'value': CASE WHEN {value} = 0 THEN 0.0 ELSE {value} END}}"
    return f"max(CASE WHEN {value} IS NOT NULL THEN {fact} END, {count})"


def merged_sql(left: str, right: str, count: int) -> str:
    """Merge two lists in SQL; a missing one adds nothing."""
    return f"list_reverse_sort(list_concat({left}, {right}))[1:{count}]"


def told_sql(kept: str, count: int) -> tuple[str, ...]:
    """Tell each value in SQL, the newest first; NULL where there are not so many."""
    return tuple(f"({kept}[{place}]).value" for place in range(1, count + 1))


def last_of_rows(value: pl.Expr, count: int) -> pl.Expr:
    """Aggregate rows with ``_known`` and ``_event`` to the last of their values; ``value`` is missing where none is."""
    rounded = value.cast(pl.Float32).cast(pl.Float64)
    plain = pl.when(rounded == 0).then(0.0).otherwise(rounded)
    facts = pl.struct(known=KNOWN, event=EVENT, value=plain)
    return facts.filter(plain.is_not_null()).sort(descending=True).head(count)


def last(told: Collection[Told], count: int) -> list[Told]:
    """Keep the last of some values.

    >>> last([(1, 1, 5.0), (2, 0, 3.0), (2, 0, 4.0)], 2)
    [(2, 0, 4.0), (2, 0, 3.0)]
    """
    return nlargest(count, told)

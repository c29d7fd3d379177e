"""Calendar parts: columns that only repeat a date of the row's own time, by which models learn the past by heart."""

from collections.abc import Iterator

import polars as pl

from sluiceway.start.columns import Facts
from sluiceway.start.moments import Moment
from sluiceway.start.question import LeftOut

ALIKE = 0.8  # a date in local time is not that in UTC for some hours of each day
PARTS = ("year", "month", "day", "week", "ordinal_day", "quarter")
MOST_DIFFERENT = 366


def calendar_parts(facts: Facts, time: Moment) -> Iterator[LeftOut]:
    """Yield the whole numbers that are nearly always the year, month, day or the like of the row's time."""
    there = time.values.is_not_null()
    moments = time.values.filter(there)
    parts = {part: getattr(moments.dt, part)() for part in PARTS}
    for each in facts.values():
        if each.kind == "integer" and not each.missing and 1 < each.distinct <= MOST_DIFFERENT:
            values = each.values.filter(there)
            found = next((part for part, own in parts.items() if is_alike(values, own)), None)
            if found is not None:
                part = found.replace("_", " ")
                yield LeftOut(each.name, f"repeats the {part} of {time.name}, by which models learn the past by heart")


def is_alike(values: pl.Series, part: pl.Series) -> bool:
    """Whether two columns are nearly always the same."""
    share = (values == part).mean()
    return isinstance(share, float) and share >= ALIKE and part.n_unique() > 1

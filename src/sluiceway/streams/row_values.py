"""Row values: decoded rows as lists, column by column, of what tables can hold of them."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sluiceway.core.moments import in_utc

Lists = dict[str, list[Any]]
Why = dict[int, str]  # reasons, by the place of their row


def row_values(rows: Sequence[object], fields: Mapping[str, str], kinds: Mapping[str, str]) -> tuple[Lists, Why]:
    """Give rows as lists: times in UTC, and missing for numbers that are not finite, as JSON has it.

    Args:
        rows: As ``message_row.row_type`` makes them.
        fields: The field of each column.
        kinds: The kind of each column.

    Returns:
        The lists by column, and for rows with a time that no calendar has in UTC, the reason by place.
    """
    lists: Lists = {}
    why: Why = {}
    for name, field in fields.items():
        values = [getattr(row, field) for row in rows]
        if kinds[name] == "time":
            values = _times(name, values, why)
        elif kinds[name] == "number":
            values = [value if value is None or math.isfinite(value) else None for value in values]
        lists[name] = values
    return lists, why


def calendar_time(value: datetime) -> datetime | None:
    """Express a time in UTC; ``None`` where that lies before the year 1 or after 9999.

    >>> calendar_time(datetime.fromisoformat("0001-01-01T00:00:00+14:00")) is None
    True
    """
    try:
        return in_utc(value)
    except OverflowError:
        return None


def _times(name: str, values: list[Any], why: Why) -> list[datetime | None]:
    made = [value if value is None or value.tzinfo is UTC else calendar_time(value) for value in values]
    for place, (value, time) in enumerate(zip(values, made, strict=True) if None in made else ()):
        if time is None and value is not None:
            why.setdefault(place, f"column {name!r}: {value.isoformat()} is outside the years 1 to 9999 in UTC")
    return made

"""Durations as people write them: ``5m``, ``36h``, ``30d``."""

import re
from datetime import timedelta

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST = timedelta(days=36_525)  # a hundred years, so that what is added to a project's moments is a date
MOST_DIGITS = 12  # of a number that may be within that


def parse_duration(text: str) -> timedelta:
    """Read a whole number and a unit out of ``s m h d w``.

    Raises:
        ValueError: the text is no such duration, not longer than zero, or longer than a hundred years.

    >>> parse_duration("36h")
    datetime.timedelta(days=1, seconds=43200)
    """
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a duration; write a text such as '90s', '5m', '36h', '30d', '2w'")  # noqa: TRY004
    found = re.fullmatch(r"\s*0*(\d+)\s*([smhdw])\s*", text, re.ASCII)
    if found is None or found[1] == "0":
        raise ValueError(
            f"{text!r} is not a duration; write a whole number above 0 and a unit, such as 90s, 5m, 36h, 30d, 2w"
        )
    digits, unit = found.groups()
    if len(digits) > MOST_DIGITS or int(digits) * UNITS[unit] > LONGEST.total_seconds():
        raise ValueError(f"{text[:20]!r} is longer than a hundred years ({format_duration(LONGEST)}); shorten it")
    return timedelta(seconds=int(digits) * UNITS[unit])


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that divides it.

    >>> format_duration(timedelta(hours=36))
    '36h'
    """
    seconds = int(duration.total_seconds())
    unit = next(unit for unit in ("w", "d", "h", "m", "s") if seconds % UNITS[unit] == 0)
    return f"{seconds // UNITS[unit]}{unit}"

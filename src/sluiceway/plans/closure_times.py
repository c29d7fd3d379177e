"""Times at request time: aware datetimes in UTC, and naive ones for what a local clock shows."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
MONTHS = {"month": 1, "year": 12}


def seconds_since_1970(moment: datetime) -> float:
    """Count seconds since 1970; a local clock reading counts as if it were UTC."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


PARTS_OF_A_CLOCK: dict[str, Callable[[Any], object]] = {
    "hour": attrgetter("hour"),
    "minute": attrgetter("minute"),
    "day": attrgetter("day"),
    "month": attrgetter("month"),
    "year": attrgetter("year"),
    "dayofweek": lambda moment: moment.isoweekday() % 7,
    "isodow": lambda moment: moment.isoweekday(),
    "dayofyear": lambda moment: moment.timetuple().tm_yday,
}
PARTS: dict[str, Callable[[Any], object]] = {**PARTS_OF_A_CLOCK, "epoch": seconds_since_1970}


def clock_in(zone_name: str) -> Callable[[datetime], datetime]:
    """Make the function that reads a zone's clock at a moment in UTC."""
    zone = ZoneInfo(zone_name)

    def read(moment: datetime) -> datetime:
        return moment.astimezone(zone).replace(tzinfo=None)

    return read


def part_in_zone(name: str, zone_name: str) -> Callable[[datetime], object]:
    """Make the function that reads one part of a zone's clock; making the whole reading first costs more."""
    zone, part = ZoneInfo(zone_name), PARTS_OF_A_CLOCK[name]

    def read(moment: datetime) -> object:
        return part(moment.astimezone(zone))

    return read


def shift_by(count: int, unit: str) -> Callable[[datetime], datetime]:
    """Make the function that moves a time by an interval; months end where a shorter month does.

    >>> shift_by(1, "month")(datetime(2024, 1, 31))
    datetime.datetime(2024, 2, 29, 0, 0)
    """
    if unit in SECONDS:
        step = timedelta(seconds=count * SECONDS[unit])
        return lambda moment: moment + step
    months = count * MONTHS[unit]

    def move(moment: datetime) -> datetime:
        year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
        return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))

    return move

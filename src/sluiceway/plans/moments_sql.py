"""Moments in SQL: whole microseconds since the epoch, so that every comparison of times is one of integers."""

from datetime import UTC, datetime, timedelta

from sluiceway.core.duration import parse_duration
from sluiceway.core.moments import in_utc

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Count microseconds from the epoch to a moment; negative before 1970.

    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1))
    1000000
    """
    return (in_utc(moment) - EPOCH) // MICROSECOND


def moment_of(count: int) -> datetime:
    """Turn microseconds since the epoch back into a moment in UTC."""
    return EPOCH + timedelta(microseconds=count)


def length(duration: str) -> int:
    """Count a declared duration's microseconds.

    >>> length("5m")
    300000000
    """
    return parse_duration(duration) // MICROSECOND


def floor_index(expression: str, step: int) -> str:
    """Say in SQL which step since the epoch an integer falls into, rounding down also before 1970.

    DuckDB's ``//`` rounds towards zero, hence the two remainders.
    """
    return f"(({expression}) - ((({expression}) % {step}) + {step}) % {step}) // {step}"

"""Moments: every time in the product is an aware ``datetime`` in UTC."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where wall time comes from; tests and rehearsals pass another."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands where it was put, until it is put elsewhere."""

    def __init__(self, moment: datetime) -> None:
        self.moment = in_utc(moment)

    def now(self) -> datetime:
        """Return the moment the clock was set to."""
        return self.moment


def in_utc(moment: datetime) -> datetime:
    """Express an aware moment in UTC; a naive one is taken to be UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC with a ``Z``; microseconds only when there are any.

    >>> iso(datetime(2013, 11, 1))
    '2013-11-01T00:00:00Z'
    """
    return in_utc(moment).isoformat().replace("+00:00", "Z")


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 date or time; without an offset it is UTC.

    Raises:
        ValueError: the text is no such time.

    >>> parse_moment("2013-11-01")
    datetime.datetime(2013, 11, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return in_utc(datetime.fromisoformat(text))

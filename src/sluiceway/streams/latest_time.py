"""Latest time: up to when a row's ``known_time`` is believed.

A row moves its partition's time to its own. So one from a clock that is fast makes the rows of others late; it may take
no more than half of the topic's ``lateness`` from them, and a few seconds, by which clocks differ.
"""

from collections.abc import Callable
from datetime import timedelta

from sluiceway.core.moments import Clock, iso
from sluiceway.plans.moments_sql import MICROSECOND, length, microseconds, moment_of

LEAST_AHEAD, MOST_AHEAD = timedelta(seconds=5), timedelta(hours=1)


def most_ahead(lateness: str) -> int:
    """Tell by how much a ``known_time`` may be ahead of now, in microseconds.

    >>> [most_ahead(lateness) // 10**6 for lateness in ("1s", "5m", "7d")]
    [5, 150, 3600]
    """
    return min(max(length(lateness) // 2, LEAST_AHEAD // MICROSECOND), MOST_AHEAD // MICROSECOND)


def latest_us(lateness: str, clock: Clock) -> Callable[[], int]:
    """Make what tells the latest ``known_time`` a row may have now, in microseconds since the epoch."""
    ahead = most_ahead(lateness)
    return lambda: microseconds(clock.now()) + ahead


def ahead_of(known: int, latest: int) -> str:
    """Say that a ``known_time`` lies behind the latest that is believed; both in microseconds since the epoch."""
    return (
        f"its known_time is still to come: {iso(moment_of(known))} is after {iso(moment_of(latest))}, the latest that "
        "is believed now; check its clock and time zone"
    )

"""Spans of time: the windows and delays that suit how long the data lasts."""

from datetime import timedelta

DELAYS = (
    (timedelta(days=30), "1d", "1 day"),
    (timedelta(hours=48), "1h", "1 hour"),
    (timedelta(0), "1m", "1 minute"),
)
WINDOWS = (
    (timedelta(days=720), "1d", ("30d", "90d", "365d")),
    (timedelta(days=120), "1d", ("7d", "30d", "90d")),
    (timedelta(days=14), "1h", ("24h", "168h")),
    (timedelta(hours=12), "5m", ("1h", "3h")),
    (timedelta(0), "1m", ("5m", "30m")),
)
YEAR_MINUTES = 365 * 24 * 60


def outcome_delay(span: timedelta) -> tuple[str, str]:
    """Choose how long an outcome takes, as a duration and in words of SQL: short beside the whole.

    >>> outcome_delay(timedelta(days=365))
    ('1d', '1 day')
    """
    return next((short, words) for least, short, words in DELAYS if span >= least)


def windows(span: timedelta) -> tuple[str, tuple[str, ...]]:
    """Choose how often a view moves on, and its windows: several fit into the data."""
    return next((every, over) for least, every, over in WINDOWS if span >= least)


def spacing(rows: int) -> str:
    """Choose how far rows without a time are set apart, in words of SQL, so that all of them fill a year.

    >>> spacing(569), spacing(2_000_000)
    ('923 MINUTE', '15 SECOND')
    """
    minutes = YEAR_MINUTES // max(1, rows)
    return f"{minutes} MINUTE" if minutes else f"{max(1, YEAR_MINUTES * 60 // rows)} SECOND"

"""Spans: the stretches of time that are watched one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sluiceway.core.duration import parse_duration
from sluiceway.declare.spec import MONTH

MOST = 120
DAYS_OF_MONTH = 30
LONGEST_MONTH = 31
# Of a longer window, the days that stand for the whole: every hour and every day of the week is among them.
SETTLED = timedelta(days=7)
# A Monday, so that weeks begin as people's do.
ORIGIN = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """From ``began`` on and before ``ended`` (UTC); while it ``is_over`` not yet, ``ended`` is now."""

    began: datetime
    ended: datetime
    is_over: bool = True


def spans(window: str, first: datetime, until: datetime) -> list[Span]:
    """Cut the time from the first moment until now, ascending; of very many stretches, the last 120.

    Args:
        window: ``month``, a calendar month in UTC, or a duration; stretches of a duration begin on the same moments
            whatever is looked at, weeks on Mondays.
        first: The first moment to be in a stretch.
        until: Now; it belongs to none.
    """
    if first >= until:
        return []
    starts = _months(first, until) if window == MONTH else _steps(parse_duration(window), first, until)
    return [Span(began, min(ended, until), ended <= until) for began, ended in starts][-MOST:]


def rolling(window: str, complete: int, until: datetime) -> datetime:
    """Tell where so many complete stretches before the one that goes on begin.

    >>> rolling("7d", 2, datetime(2026, 1, 14, tzinfo=UTC)).date().isoformat()
    '2025-12-29'
    """
    step = timedelta(days=LONGEST_MONTH) if window == MONTH else parse_duration(window)
    return spans(window, until - (complete + 1) * step, until)[-complete - 1].began


def days_of(window: str) -> int:
    """How many days a stretch has, rounded up; a month counts 30."""
    return DAYS_OF_MONTH if window == MONTH else -(-parse_duration(window) // timedelta(days=1))


def is_early(span: Span, window: str, *, first: datetime) -> bool:
    """Whether less than 7 days of a stretch were watched so far, or less than all of a shorter one.

    Args:
        span: The stretch.
        window: What it was cut by.
        first: The first moment that was watched; its day counts as a whole one.
    """
    watched = span.ended - max(span.began, first.replace(hour=0, minute=0, second=0, microsecond=0))
    return watched < (SETTLED if window == MONTH else min(SETTLED, parse_duration(window)))


def _months(first: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    began = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while began < until:
        ended = (began + timedelta(days=32)).replace(day=1)
        yield began, ended
        began = ended


def _steps(step: timedelta, first: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    began = ORIGIN + (first - ORIGIN) // step * step
    began = max(began, until - (MOST + 1) * step)
    began = ORIGIN + (began - ORIGIN) // step * step
    while began < until:
        yield began, began + step
        began += step

"""Alerts of views: one that was served stale, and one whose values are no longer there."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from sluiceway.artifacts.health_report import (
    ALERT,
    COVERAGE,
    FELL,
    INCONCLUSIVE,
    STALE,
    STALENESS,
    WARNING,
    Alert,
    ViewHealth,
)
from sluiceway.core.duration import format_duration
from sluiceway.declare.spec import Acceptance
from sluiceway.observe.view_health import STALE_SHARE
from sluiceway.observe.watched_views import ANY_VALUE
from sluiceway.pages.number_text import percent


def view_alerts(views: Iterable[ViewHealth], acceptance: Acceptance) -> Iterator[Alert]:
    """Tell of each view that was stale, and of each of which values went missing.

    What is stale for more requests than may be, but not for certain, only warns.
    """
    for each in views:
        if each.freshness != INCONCLUSIVE and each.stale is not None and each.stale > STALE_SHARE:
            yield _stale(each)
        if each.coverage == FELL:
            yield _emptied(each, acceptance)


def _stale(view: ViewHealth) -> Alert:
    said = (
        f"{view.view} was stale for {percent(view.stale)} of the rows, {percent(STALE_SHARE)} may be: nothing that was "
        f"read of it was newer than {_duration(view.within_s)}; for one row in 20 it was behind by more than "
        f"{_duration(view.behind_s)}"
    )
    return Alert(ALERT if view.freshness == STALE else WARNING, STALENESS, view.view, said, view.stale, STALE_SHARE)


def _emptied(view: ViewHealth, acceptance: Acceptance) -> Alert:
    what = "any value of it" if view.column == ANY_VALUE else view.column
    unread = f"; of {percent(view.unread)} the store had no value" if view.unread else ""
    said = (
        f"{view.view} lost values: {percent(view.missing)} of the rows lack {what}, {percent(view.usual)} did{unread}"
    )
    return Alert(ALERT, COVERAGE, view.view, said, view.missing, view.usual + acceptance.drift_practical_floor)


def _duration(seconds: float | None) -> str:
    """Write seconds to the minute where there are many."""
    whole = timedelta(seconds=round(seconds or 0.0))
    minute = timedelta(minutes=1)
    return format_duration(whole if whole < 10 * minute else round(whole / minute) * minute)

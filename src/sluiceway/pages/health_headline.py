"""The headline of a health report: what moved, since when, what it costs, and whether to train again."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sluiceway.artifacts.health_report import (
    ALERT,
    COST,
    COVERAGE,
    DATA_DRIFT,
    ERRORS,
    INCONCLUSIVE,
    LATENCY,
    PERFORMANCE,
    PREDICTION_DRIFT,
    SEASONAL,
    STALENESS,
    Alert,
    HealthReport,
    Window,
)
from sluiceway.pages.number_text import number_text, percent, since_text

REFERENCE = " (reference)"


def headline(report: HealthReport, *, currency: str) -> str:
    """Say in one breath what the newest window that was not quiet has to tell, and what follows."""
    asked = sum(window.traffic.requests for window in report.windows)
    if not asked:
        return "Nobody has asked this version anything yet."
    told = next((window for window in reversed(report.windows) if not window.is_quiet), None)
    follows = "Train again." if report.decision.retrain else "There is no need to train again."
    if is_nothing_new(report):
        return f"Nothing new was seen: the {asked:,} requests are those that gate 5 judged it by. {follows}"
    if not is_judged(report) and any(_could_be_judged(window) for window in report.windows):
        return f"Too few days were watched to say how it fares, good or bad: {asked:,} requests. {_hints(report)}"
    if not is_judged(report):
        return f"Too little traffic to say how it fares, good or bad: {asked:,} requests in {_many(report.windows)}."
    if told is None:
        return f"All quiet in {asked:,} requests. {_season(report.windows)}{follows}"
    sent = [alert for alert in told.alerts if alert.severity == ALERT]
    what = ", and ".join(_what(told, sent, currency))
    return f"{period(told)}: {what}. {_extra(told, sent, currency)}{follows}"


def _could_be_judged(window: Window) -> bool:
    """Whether anything was found of new predictions, of a column or of outcomes, be it good or bad."""
    if window.is_reference:
        return False
    columns = (*window.drift, *([window.prediction] if window.prediction else []))
    scored = window.performance
    return any(each.verdict != INCONCLUSIVE for each in columns) or (
        scored is not None and scored.cost_change.change is not None
    )


def period(window: Window) -> str:
    """Name a window's time: its month, or its first and its last day, or the hour it begins.

    A month that is not over yet is told by its days. The window's end is the first moment that is not in it. The
    reference's own windows are marked.
    """
    return _time(window) + (REFERENCE if window.is_reference else "")


def _time(window: Window) -> str:
    began, ended = window.began, window.ended
    last = ended - timedelta(microseconds=1)
    if (began.day, began.hour, ended.day, ended.hour) == (1, 0, 1, 0) and (ended - began).days in range(28, 32):
        return f"{began:%B %Y}"
    if ended - began < timedelta(days=1):
        return f"{began:%Y-%m-%d %H:%M}"
    return f"{began:%Y-%m-%d}" if began.date() == last.date() else f"{began:%Y-%m-%d} to {last:%Y-%m-%d}"


def short_period(window: Window) -> str:
    """Name a window's time for the head of a narrow column."""
    named = f"{window.began:%b %Y}" if not _time(window)[0].isdigit() else f"{window.began:%Y-%m-%d}"
    return named + (REFERENCE if window.is_reference else "")


def is_judged(report: HealthReport) -> bool:
    """Whether anything can be said: a window saw enough rows on enough days, or has something to tell."""
    windows = report.windows
    return any((_could_be_judged(window) and not window.is_early) or not window.is_quiet for window in windows)


def is_nothing_new(report: HealthReport) -> bool:
    """Whether all that was asked is what gate 5 judged by, and nothing had to be sent: no reason to train again."""
    asked = [window for window in report.windows if window.traffic.requests]
    return bool(asked) and all(window.is_reference and window.is_quiet for window in asked)


def _hints(report: HealthReport) -> str:
    """Say how much an early window warns of, which nobody is told of yet."""
    count = sum(len(window.alerts) for window in report.windows if not window.is_reference)
    return "There is one warning so far." if count == 1 else f"There are {count or 'no'} warnings so far."


def _many(windows: Sequence[Window]) -> str:
    return f"{len(windows)} windows" if len(windows) > 1 else "one window"


def _what(window: Window, sent: Sequence[Alert], currency: str) -> Iterator[str]:
    """Tell each thing with the day from which it holds."""
    kinds = {alert.kind: alert for alert in sent}
    share = {kind: percent(alert.measured) for kind, alert in kinds.items()}
    since = {kind: since_text(alert.since) for kind, alert in kinds.items()}
    scored = window.performance
    if COST in kinds and scored is not None:
        against = f"{number_text(scored.cost)} against {number_text(scored.reference_cost)} {currency}"
        yield f"a request costs {share[COST]} more than declared ({against}){since[COST]}"
    if PERFORMANCE in kinds:
        yield f"F1 is {share[PERFORMANCE]} below what was declared{since[PERFORMANCE]}"
    if ERRORS in kinds:
        yield f"{share[ERRORS]} of the requests failed{since[ERRORS]}"
    if LATENCY in kinds:
        yield f"one request in 100 takes {number_text(kinds[LATENCY].measured)} ms or longer{since[LATENCY]}"
    for kind, said in ((STALENESS, "served stale"), (COVERAGE, "short of values")):
        views = [alert.subject for alert in sent if alert.kind == kind]
        if views:
            yield f"{' and '.join(views)} {'was' if len(views) == 1 else 'were'} {said}{since[kind]}"
    columns = [alert.subject for alert in sent if alert.kind == DATA_DRIFT]
    moved = ["the predictions"] if PREDICTION_DRIFT in kinds else []
    moved += [f"{len(columns)} columns" if len(columns) > 1 else name for name in columns[:1]]
    if moved:
        yield f"{' and '.join(moved)} moved{since_text(_middle(sent))}"


def _middle(sent: Sequence[Alert]) -> datetime | None:
    """Take the middle of the days on which columns and predictions moved: each may be some days off, as days differ."""
    days = sorted(alert.since for alert in sent if alert.since and alert.kind in {DATA_DRIFT, PREDICTION_DRIFT})
    return days[len(days) // 2] if days else None


def _extra(window: Window, sent: Sequence[Alert], currency: str) -> str:
    scored = window.performance
    if scored is None or scored.extra_cost is None or not any(alert.kind == COST for alert in sent):
        return ""
    extra = f"{number_text(round(scored.extra_cost))} {currency}"
    return f"Over the {scored.rows:,} requests whose outcome is known that is {extra}. "


def _season(windows: Sequence[Window]) -> str:
    moved = {each.column for window in windows for each in window.drift if each.verdict == SEASONAL}
    if not moved:
        return ""
    return f"{len(moved)} {'column' if len(moved) == 1 else 'columns'} moved with the season, as expected. "

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sluiceway.artifacts.health_report import (
    ALERT,
    WARNING,
    Alert,
    FeatureDrift,
    HealthReport,
    Interval,
    Performance,
    RetrainDecision,
    Traffic,
    Window,
)
from sluiceway.cli import health_text
from sluiceway.pages.health_headline import headline, is_judged, is_nothing_new, period, short_period

DAY = datetime(2013, 12, 5, tzinfo=UTC)
CHANGE = Interval(0.67, 0.525, 0.83)
SCORED = Performance(25_539, 0.97, 5000, 0.49, 0.41, CHANGE, 17.387, 10.41, CHANGE, 178_189.4)
SEASONAL = FeatureDrift("temp", 3.9, 0.01, 9.0, "ks", 0.6, 0.0, 0.6, 0.0, 0.0, "seasonal")


def window(month, *alerts, drift=(), requests=26_000):
    began, ended = datetime(2013, month, 1, tzinfo=UTC), datetime(2013 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return Window(began, ended, Traffic(requests, 0, 1.0, 2.0, 3.0), drift, None, SCORED, alerts)


def report(*windows, retrain=False):
    return HealthReport(
        "rehearsal", "d", "v1", "b", DAY, DAY, "r", windows, (), RetrainDecision(retrain=retrain, reasons=("because",))
    )


def alert(kind, subject="x", measured=0.67, severity=ALERT, since=DAY):
    return Alert(severity, kind, subject, "", measured, 0.05, since)


def said(*windows, retrain=False):
    return headline(report(*windows, retrain=retrain), currency="USD").replace("\N{NO-BREAK SPACE}", " ")


def test_it_says_what_moved_since_when_what_it_costs_and_what_to_do():
    earlier = DAY - timedelta(days=2)
    columns = [alert("data_drift", name, 1.2, since=earlier) for name in "abc"]
    december = window(12, alert("cost"), alert("prediction_drift"), *columns)
    assert said(window(11), december, retrain=True) == (
        "December 2013: a request costs 67 % more than declared (17.39 against 10.41 USD), since "
        "2013-12-05, and the predictions and "
        "3 columns moved, since 2013-12-03. Over the 25,539 requests whose outcome is known that is 178,189 USD. "
        "Train again."
    )


@pytest.mark.parametrize(
    ("alerts", "words"),
    [
        ([alert("data_drift", "temp", since=None)], "December 2013: temp moved. There is no need to train again."),
        ([alert("performance", measured=0.2)], "F1 is 20 % below what was declared, since 2013-12-05."),
        ([alert("errors", measured=0.02)], "2 % of the requests failed"),
        ([alert("latency", measured=73.21)], "one request in 100 takes 73.21 ms or longer"),
    ],
)
def test_each_kind_of_alert_has_its_words(alerts, words):
    assert words in said(window(12, *alerts))


def test_the_newest_window_that_was_not_quiet_is_told_of():
    assert said(window(10, alert("errors")), window(11, alert("cost", severity=WARNING))).startswith("October 2013: ")


def test_the_day_of_what_moved_is_the_middle_of_its_days():
    days = [
        alert("data_drift", str(number), since=DAY + timedelta(days=shift)) for number, shift in enumerate((-9, 0, 1))
    ]
    assert "since 2013-12-05" in said(window(12, *days))


def test_quiet_says_so_and_what_the_season_did():
    assert said(window(11, drift=(SEASONAL,)), window(12, drift=(SEASONAL,))) == (
        "All quiet in 52,000 requests. 1 column moved with the season, as expected. There is no need to train again."
    )
    assert said(window(11)) == "All quiet in 26,000 requests. There is no need to train again."


def test_where_nothing_could_be_judged_it_is_not_called_quiet():
    unsure = replace(SEASONAL, verdict="inconclusive")
    few = replace(window(11, drift=(unsure,), requests=90), prediction=unsure, performance=None)
    assert said(few) == "Too little traffic to say how it fares, good or bad: 90 requests in one window."
    unscored = replace(SCORED, cost_change=Interval(None, None, None), f1_change=Interval(None, None, None))
    assert said(replace(few, performance=unscored)).startswith("Too little traffic to say")
    assert said(few, replace(few, drift=(SEASONAL,))).startswith("All quiet")


def test_what_a_few_days_warn_of_is_neither_quiet_nor_told():
    moved = replace(SEASONAL, verdict="drift")
    early = replace(window(12, drift=(moved,), requests=900), is_early=True)
    told = "Too few days were watched to say how it fares, good or bad: 900 requests. There "
    assert said(early) == f"{told}are no warnings so far."
    assert said(replace(early, alerts=(alert("cost", severity=WARNING),))) == f"{told}is one warning so far."
    assert not is_judged(report(early))
    assert said(window(11, drift=(SEASONAL,)), early).startswith("All quiet")
    assert "2 % of the requests failed" in said(replace(early, alerts=(alert("errors", measured=0.02),)))


def test_where_only_the_reference_was_asked_again_nothing_was_new():
    own = replace(window(11, drift=(SEASONAL,)), is_reference=True)
    assert said(own, window(12, requests=0)) == (
        "Nothing new was seen: the 26,000 requests are those that gate 5 judged it by. There is no need to train again."
    )
    assert is_nothing_new(report(own))
    assert said(own, window(12, drift=(SEASONAL,))).startswith("All quiet")
    assert not is_nothing_new(report(own, window(12)))
    assert not is_nothing_new(report(replace(own, alerts=(alert("errors"),))))
    assert not is_nothing_new(report())


def test_the_command_says_of_training_again_what_the_headline_says():
    own = replace(window(11, drift=(SEASONAL,)), is_reference=True)
    assert "No need to train again:" in health_text.said(report(own), "USD")
    early = replace(window(12, drift=(SEASONAL,)), is_early=True)
    assert "Whether to train again cannot be said:" in health_text.said(report(early), "USD")


def test_without_requests_there_is_nothing_to_say():
    assert said() == said(window(11, requests=0)) == "Nobody has asked this version anything yet."


@pytest.mark.parametrize(
    ("began", "ended", "long", "short"),
    [
        ("2013-11-01T00", "2013-12-01T00", "November 2013", "Nov 2013"),
        ("2013-11-01T00", "2013-11-20T06", "2013-11-01 to 2013-11-20", "2013-11-01"),
        ("2013-11-04T00", "2013-11-11T00", "2013-11-04 to 2013-11-10", "2013-11-04"),
        ("2013-11-04T00", "2013-11-05T00", "2013-11-04", "2013-11-04"),
        ("2013-11-04T12", "2013-11-06T00", "2013-11-04 to 2013-11-05", "2013-11-04"),
        ("2013-11-04T06", "2013-11-04T12", "2013-11-04 06:00", "2013-11-04"),
        ("2013-11-04T21", "2013-11-05T03", "2013-11-04 21:00", "2013-11-04"),
    ],
)
def test_a_window_is_named_as_people_do(began, ended, long, short):
    times = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (began, ended)]
    one = Window(*times, Traffic(0, 0, None, None, None), (), None, None, ())
    assert (period(one), short_period(one)) == (long, short)


def test_too_little_traffic_is_said_and_never_called_quiet():
    unseen = FeatureDrift("temp", None, None, 0.2, "ks", None, None, None, 0.0, 0.0, "inconclusive")
    few = replace(window(12, drift=(unseen,), requests=30), performance=None)
    assert said(few) == "Too little traffic to say how it fares, good or bad: 30 requests in one window."
    assert "in 2 windows" in said(few, few)
    assert said(few, window(11, drift=(SEASONAL,))).startswith("All quiet")
    assert "failed" in said(replace(few, alerts=(alert("errors"),)))

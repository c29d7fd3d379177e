from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from sluiceway.artifacts.health_report import Alert
from sluiceway.observe.rows import DAY_US
from sluiceway.observe.since import History, dated
from sluiceway.observe.spans import Span
from sluiceway.observe.traffic import Requests
from sluiceway.observe.watch import watch
from sluiceway.plans.moments_sql import microseconds

from .conftest import SERVED, SPEC

CHANGED = datetime(2024, 8, 10, tzinfo=UTC)
AUGUST = Span(datetime(2024, 8, 1, tzinfo=UTC), datetime(2024, 9, 1, tzinfo=UTC))


@pytest.fixture
def history(world, reference, quiet_rows):
    """What is known at the end of August, after some change to the rows or the requests from the tenth on."""
    good = world.logged(quiet_rows).rows(world.bundle.columns)

    def make(change=lambda rows, late: rows, status=200, latency_ms=3, since=CHANGED):
        late = good.at >= microseconds(since)
        rows = change(good, late)
        bad = Requests(good.at, np.where(late, status, 200), np.where(late, 1000 * latency_ms, 3000).astype(np.int64))
        return History(rows, bad, rows.within(AUGUST), reference, SPEC)

    return make


def first_day(history, kind, subject=""):
    return history.first_day(Alert("alert", kind, subject, "", 1.0, 0.5))


def column(expression):
    def change(rows, late):
        moved = rows.features.with_columns(
            pl.when(pl.Series(late)).then(expression).otherwise("distance").alias("distance")
        )
        return replace(rows, features=moved)

    return change


@pytest.mark.parametrize(
    "expression",
    [
        pl.col("distance") + 400,
        pl.col("distance") * 1.6,
        700 + (pl.col("distance") - 700) * 0.1,
        pl.when(pl.int_range(pl.len()) % 3 == 0).then(float("nan")).otherwise("distance"),
    ],
    ids=["shifted", "in another unit", "narrower, with the same middle", "values lost"],
)
def test_the_day_is_found_whatever_happened_to_the_column(history, expression):
    assert first_day(history(column(expression.cast(pl.Float32))), "data_drift", "distance") == CHANGED


def test_the_day_is_found_for_a_text(history):
    def rename(rows, late):
        renamed = pl.when(pl.Series(late) & (pl.col("carrier") == "UA")).then(pl.lit("U2")).otherwise("carrier")
        return replace(rows, features=rows.features.with_columns(renamed.alias("carrier")))

    assert first_day(history(rename), "data_drift", "carrier") == CHANGED


def test_the_day_is_found_for_predictions(history):
    def raised(rows, late):
        return replace(rows, probability=np.where(late, rows.probability**0.4, rows.probability))

    assert first_day(history(raised), "prediction_drift", "probability") == CHANGED


@pytest.mark.parametrize("kind", ["cost", "performance"])
def test_the_day_is_found_for_what_it_costs_and_for_f1(history, kind):
    def wrong(rows, late):
        return replace(rows, outcome=np.where(late, 1 - rows.outcome, rows.outcome))

    assert first_day(history(wrong), kind) == CHANGED


@pytest.mark.parametrize("kind", ["cost", "performance"])
def test_the_day_on_which_things_got_better_is_no_answer(history, kind):
    """From the first day of the log everything is wrong; in the middle of August half of it is right again."""

    def healed(rows, late):
        wrong = np.where(late & (np.arange(len(rows)) % 2 == 0), rows.outcome, 1 - rows.outcome)
        return replace(rows, outcome=wrong)

    assert first_day(history(healed), kind) == SERVED


def test_where_things_only_got_better_there_is_no_day(history, reference):
    def right(rows, late):
        return replace(rows, outcome=(rows.probability >= reference.threshold).astype(float))

    assert first_day(history(right), "cost") is None


def test_the_day_is_found_for_failures_and_for_latency(history):
    assert first_day(history(status=503), "errors") == CHANGED
    assert first_day(history(latency_ms=80), "latency") == CHANGED


def test_latency_is_dated_on_answered_requests_as_it_is_alerted_for(history):
    """Requests that time out from the tenth on are failures; what is answered gets slow five days later."""
    failing = history(status=503, latency_ms=60_000)
    later = CHANGED + timedelta(days=5)
    slow = np.where(failing.requests.at >= microseconds(later), 80_000, 3000)
    answered = Requests(failing.requests.at, np.full(slow.size, 200), slow)
    half = np.arange(slow.size) % 2 == 0
    mixed = Requests(
        *(
            np.where(half, *(getattr(each, name) for each in (failing.requests, answered)))
            for name in ("at", "status", "latency_us")
        )
    )
    found = History(failing.rows, mixed, failing.now, failing.reference, SPEC)
    assert (first_day(found, "errors"), first_day(found, "latency")) == (CHANGED, later)


def test_a_change_may_lie_on_the_first_day_of_the_log(history):
    moved = history(column((pl.col("distance") + 400).cast(pl.Float32)), since=SERVED, status=503)
    assert first_day(moved, "data_drift", "distance") == SERVED
    assert first_day(moved, "errors") == SERVED


def test_without_matured_outcomes_there_is_no_day(history):
    unknown = history(lambda rows, late: replace(rows, outcome=np.full(len(rows), np.nan)))
    assert first_day(unknown, "cost") is None


def test_every_alert_and_the_column_behind_it_get_their_day(history):
    moved = history(column((pl.col("distance") + 400).cast(pl.Float32)))
    requests = moved.requests.within(AUGUST)
    window = watch(AUGUST, moved.now, requests, reference=moved.reference, spec=SPEC, scope="live")
    found = dated(window, moved)
    assert {alert.subject: alert.since for alert in found.alerts if alert.kind == "data_drift"} == {"distance": CHANGED}
    assert {drift.column: drift.since for drift in found.drift if drift.since} == {"distance": CHANGED}
    assert found.traffic == window.traffic


def test_days_are_those_of_utc(history):
    evening = CHANGED + timedelta(microseconds=DAY_US - 1)
    found = first_day(
        history(column((pl.col("distance") + 400).cast(pl.Float32)), since=evening), "data_drift", "distance"
    )
    assert found in {CHANGED, CHANGED + timedelta(days=1)}
    assert (found.hour, found.tzinfo) == (0, UTC)

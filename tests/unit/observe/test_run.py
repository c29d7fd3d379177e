from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pyarrow as pa
import pytest
from tests import bundles

from sluiceway.adapters.memory_alerter import MemoryAlerter
from sluiceway.adapters.memory_state import MemoryState
from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.health_report import ALERT, WARNING, HealthReport
from sluiceway.core.errors import DamagedError
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.ledger.chain import Ledger
from sluiceway.observe.gate import gate
from sluiceway.observe.page import write_page
from sluiceway.observe.run import run
from sluiceway.observe.telling import tell
from sluiceway.pages.health_headline import headline, period, short_period
from sluiceway.pages.health_page import HealthCharts
from sluiceway.ports.progress import Silence

from .conftest import HOLDOUT, MODEL, SERVED, SPEC, WITHIN, World, rows_of

CHANGED = datetime(2024, 8, 10, tzinfo=UTC)


def sent(report):
    return [(f"{w.began:%m}", a.kind, a.subject) for w in report.windows for a in w.alerts if a.severity == ALERT]


@pytest.fixture(scope="module")
def troubled(world, quiet_rows):
    """From 10 August on distance comes in another unit, and the model is misled by it."""
    rows = quiet_rows.with_columns(
        distance=pl.when(pl.col("_at") >= CHANGED)
        .then(pl.col("distance") * 1.609344)
        .otherwise("distance")
        .cast(pl.Float32)
    )
    return world.observe(world.logged(rows))


def test_quiet_months_are_quiet_although_the_season_changes(quiet):
    assert [f"{window.began:%Y-%m}" for window in quiet.windows] == ["2024-07", "2024-08"]
    assert sent(quiet) == []
    assert quiet.decision.retrain is False
    wind = [drift for window in quiet.windows for drift in window.drift if drift.column.endswith("wind")]
    assert {drift.verdict for drift in wind} == {"seasonal"}
    assert all(drift.psi > 0.2 for drift in wind)


def test_the_first_hours_of_a_month_alert_nobody_and_do_not_silence_what_comes(world):
    """What was asked by 20:00 on the first is no August; that all distances doubled is still true on the tenth."""
    first = datetime(2024, 8, 1, tzinfo=UTC)
    august = rows_of(first, 31, a_day=300).with_columns(distance=pl.col("distance") * 2)
    whole = rows_of(SERVED, 31, seed=5).vstack(august)
    ledger, heard = Ledger(MemoryState(), FixedClock(CHANGED)), MemoryAlerter()

    def looked_at(until):
        report = world.observe(world.logged(whole.filter(pl.col("_at") < until), until=until))
        verdict = gate(report, world.promise, NO_OVERRIDES, until)
        tell(report, world.spec, verdict=verdict, alerter=heard, ledger=ledger, as_of=None)
        return report

    early = looked_at(first + timedelta(hours=20))
    assert [(window.is_over, window.is_early) for window in early.windows] == [(True, False), (False, True)]
    assert {alert.severity for alert in early.windows[1].alerts} == {WARNING}
    assert (early.decision.retrain, heard.sent) == (False, [])
    later = looked_at(first + timedelta(days=9))
    assert [(window.is_over, window.is_early) for window in later.windows] == [(True, False), (False, False)]
    assert ("08", "data_drift", "distance") in sent(later)
    assert any(alert.subject == "distance" for *_, alerts in heard.sent for alert in alerts)


def test_windows_in_which_the_reference_was_asked_again_are_marked_and_decide_nothing(world, quiet_rows):
    """The canary asks the holdout, and all its outcomes turn out wrong: that is no news of July and August."""
    held = world.learnt().filter(pl.col("_at") >= HOLDOUT)
    wrong = held.with_columns(_label=1 - pl.col("_label"))
    asked = wrong.vstack(quiet_rows)
    report = world.observe(world.logged(asked, outcomes=asked, scope="rehearsal"))
    assert [period(window) for window in report.windows] == [
        "May 2024 (reference)", "June 2024 (reference)", "July 2024", "August 2024",
    ]  # fmt: skip
    assert "Jun 2024 (reference)" in [short_period(window) for window in report.windows]
    assert (sent(report), report.decision.retrain) == ([], False)
    may = [alert for alert in report.windows[0].alerts if alert.kind == "cost"]
    assert may[0].message.endswith("; these are the reference's own rows")
    assert may[0].since is None
    alone = world.observe(world.logged(quiet_rows, scope="rehearsal"))
    assert (report.windows[2:], report.decision) == (alone.windows, alone.decision)


def test_a_window_that_begins_as_the_reference_is_measured_on_what_is_new(world):
    """The holdout ended on the tenth; what came after it is most of the month."""
    ended = datetime(2024, 7, 10, tzinfo=UTC)
    candidate = world.candidate()
    split = replace(candidate.evaluation.split, holdout_until=ended)
    report = run(
        replace(candidate, evaluation=replace(candidate.evaluation, split=split)),
        world.features(),
        world.logged(rows_of(SERVED, 31), scope="rehearsal"),
        promise=world.promise,
        tables=world.tables,
        objects=world.objects,
        progress=Silence(),
        within=WITHIN,
    )
    july, _ = report.windows
    new = rows_of(SERVED, 31).filter(pl.col("_at") > ended).height
    assert (july.performance.rows, july.traffic.requests, july.is_reference) == (new, 31 * 60, False)


def test_without_naming_the_season_its_column_alerts(world, quiet_rows):
    unnamed = replace(world, spec=replace(world.spec, observe=replace(world.spec.observe, seasonal=())))
    report = unnamed.observe(unnamed.logged(quiet_rows))
    assert ("07", "data_drift", "origin_weather__latest_wind") in sent(report)
    assert report.decision.retrain is False


def test_trouble_is_told_with_its_day_its_cost_and_what_to_do(troubled):
    kinds = sent(troubled)
    assert all(month == "08" for month, *_ in kinds)
    assert {
        ("08", "data_drift", "distance"),
        ("08", "prediction_drift", "probability"),
        ("08", "cost", "cost per row"),
    } <= set(kinds)
    assert not any(subject == "carrier" for *_, subject in kinds)
    august = troubled.windows[1]
    since = {alert.kind: alert.since for alert in august.alerts if alert.severity == ALERT}
    assert since["data_drift"] == since["prediction_drift"] == CHANGED
    assert abs(since["cost"] - CHANGED) <= timedelta(days=10)
    assert august.performance.extra_cost > 0
    assert troubled.decision.retrain is True
    assert troubled.decision.reasons[-1] == "August 2024: the predictions moved together with distance"


def test_a_report_goes_through_json_and_back(troubled):
    assert decode(HealthReport, encode(troubled)) == troubled


def test_what_the_page_needs_is_stored(world, troubled):
    drawn = decode(HealthCharts, world.objects.get(troubled.json))
    assert [each.column for each in drawn.predictions] == ["July 2024", "August 2024"]
    assert {each.column for each in drawn.moved} == {"distance", "origin_weather__latest_wind"}
    assert len(drawn.days.days) == 62


def test_the_same_log_gives_the_same_report_however_fast_it_was_answered(world, quiet, quiet_rows):
    slower = world.observe(world.logged(quiet_rows, requests=[world.log(quiet_rows, latency_us=20_000)]))
    assert slower.content_id == quiet.content_id
    assert slower.windows[0].traffic != quiet.windows[0].traffic
    assert world.observe(world.logged(quiet_rows[:-600])).content_id != quiet.content_id


def test_a_report_names_what_it_is_of(quiet, world, reference):
    assert (quiet.scope, quiet.version, quiet.bundle) == ("live", "v1", world.bundle.content_id)
    assert (quiet.dataset, quiet.reference) == (world.bundle.dataset, reference.digest)
    assert (quiet.began, quiet.ended) == (SERVED, datetime(2024, 9, 10, tzinfo=UTC))
    assert quiet.details["reference_rows"] == str(len(reference.rows))


def test_windows_are_as_long_as_the_spec_says(world, quiet_rows):
    weekly = replace(world, spec=replace(world.spec, observe=replace(world.spec.observe, window="7d")))
    report = weekly.observe(weekly.logged(quiet_rows))
    assert {(window.ended - window.began).days for window in report.windows} == {7}
    assert sent(report) == []


def test_a_full_window_without_requests_is_shown_and_one_that_has_just_begun_is_not(world, quiet_rows):
    july = quiet_rows.filter(pl.col("_at") < datetime(2024, 8, 1, tzinfo=UTC))
    report = world.observe(world.logged(july))
    assert [window.traffic.requests > 0 for window in report.windows] == [True, False]


def test_of_very_short_windows_only_the_last_are_watched_and_the_report_says_so(world, quiet_rows, quiet):
    hourly = replace(world, spec=replace(world.spec, observe=replace(world.spec.observe, window="1h")))
    until = quiet_rows["_at"].max()
    report = hourly.observe(hourly.logged(quiet_rows, until=until))
    assert (len(report.windows), report.details["earlier_left_out"][:13]) == (120, "2024-07-01T00")
    assert "earlier_left_out" not in quiet.details
    verdict = gate(report, world.promise, NO_OVERRIDES, until)
    page = world.objects.get(write_page(report, verdict, world.promise, objects=world.objects)).decode()
    assert "The last 120 windows are watched; requests were logged since 2024-07-01T00:" in page


def test_an_empty_log_makes_a_report_with_drills_alone(world):
    report = world.observe(world.logged(rows_of(SERVED, 1)[:0]))
    assert (report.windows, report.decision.retrain) == ((), False)
    assert all(drill.behaved for drill in report.drills)
    assert decode(HealthReport, encode(report)) == report


def test_a_model_that_was_exchanged_cannot_be_watched(world, quiet_rows):
    candidate = world.candidate()
    declared = replace(candidate.evaluation, holdout=replace(candidate.evaluation.holdout, rows=1))
    with pytest.raises(DamagedError, match="gate 5 declared"):
        run(
            replace(candidate, evaluation=declared),
            world.features(),
            world.logged(quiet_rows),
            promise=world.promise,
            tables=world.tables,
            objects=world.objects,
            progress=Silence(),
            within=WITHIN,
        )


def test_what_the_log_leaves_out_is_not_watched_and_the_report_says_so():
    discreet = replace(bundles.CONTRACT, unlogged=("carrier",))
    world = World(bundle=bundles.made(MODEL, threshold=SPEC.threshold, contract=discreet))
    rows = rows_of(SERVED, 31, seed=3)
    logged = world.logged(rows)
    place = logged.requests[0].column_names.index("feature:carrier")
    nothing = pa.nulls(rows.height, pa.string())
    lacking = [table.set_column(place, "feature:carrier", nothing) for table in logged.requests]
    report = world.observe(replace(logged, requests=lacking))
    watched = {each.column for window in report.windows for each in window.drift}
    assert watched == {"distance", "origin_weather__latest_wind"}
    assert report.details["not_watched"].startswith("carrier: sensitive")
    assert not [alert for window in report.windows for alert in window.alerts if "carrier" in str(alert)]


def late_from(moment, rows, *, by):
    """What views knew where nothing was written any more for a while, or what is written comes late."""
    through = pl.when(pl.col("_at") >= moment).then(pl.col("_at") - by).otherwise(pl.col("_at") - timedelta(minutes=10))
    return rows.with_columns(through.alias("_through"))


def test_a_view_that_is_no_longer_kept_up_alerts_with_the_day_and_asks_for_no_new_model(world, quiet_rows):
    report = world.observe(world.logged(late_from(CHANGED, quiet_rows, by=timedelta(hours=5))))
    assert sent(report) == [("08", "staleness", "origin_weather")]
    july, august = (window.views[0] for window in report.windows)
    assert (july.freshness, august.freshness, july.stale) == ("fresh", "stale", 0.0)
    assert august.stale == pytest.approx(22 / 31, abs=0.01)
    (alert,) = report.windows[1].alerts
    assert alert.since == CHANGED
    assert report.decision.retrain is False
    assert "origin_weather was served stale, since 2024-08-10" in headline(report, currency="EUR")
    assert decode(HealthReport, encode(report)) == report


def test_a_stale_view_alerts_from_the_first_day_on_and_lost_values_once_days_are_there(world):
    first = SERVED + timedelta(days=2)
    rows = rows_of(SERVED, 2, a_day=300)
    late = late_from(SERVED, rows, by=timedelta(hours=5)).with_columns(
        origin_weather__latest_wind=pl.lit(None, dtype=pl.Float32)
    )
    report = world.observe(world.logged(late, until=first))
    assert [window.is_early for window in report.windows] == [True]
    said = {alert.kind: alert.severity for alert in report.windows[0].alerts}
    assert (said["staleness"], said["coverage"]) == (ALERT, WARNING)


def test_entities_that_are_lost_alert_with_the_day(world, quiet_rows):
    chosen = (pl.col("_at") >= CHANGED) & (pl.col("_at").dt.minute() < 10)
    lost = quiet_rows.with_columns(
        pl.when(~chosen).then("origin_weather__latest_wind").alias("origin_weather__latest_wind"),
        pl.when(~chosen).then(pl.col("_at") - timedelta(minutes=10)).alias("_through"),
    )
    report = world.observe(world.logged(lost))
    assert ("08", "coverage", "origin_weather") in sent(report)
    alert = next(each for each in report.windows[1].alerts if each.kind == "coverage")
    assert alert.since == CHANGED
    view = report.windows[1].views[0]
    assert (view.column, view.usual) == ("origin_weather__latest_wind", 0.0)
    assert view.missing == view.unread == pytest.approx(22 / 31 / 6, abs=0.02)


def test_live_a_row_is_measured_by_when_it_was_asked_as_of_and_counts_when_it_arrived(world, quiet_rows):
    """With a pinned present, views are of that, whatever the clock says."""
    pinned = datetime(2024, 6, 30, tzinfo=UTC)
    log = world.log(quiet_rows)
    names = log.column_names
    for name, moment in (("at", pinned), ("view:origin_weather:known_through", pinned - timedelta(minutes=5))):
        log = log.set_column(names.index(name), log.schema.field(name), pa.array([moment] * len(log), log[name].type))
    report = world.observe(world.logged(quiet_rows, requests=[log]))
    assert {(view.stale, view.behind_s) for window in report.windows for view in window.views} == {(0.0, 300.0)}
    assert sent(report) == []

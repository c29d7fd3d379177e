"""Live health over a log in memory: two versions in one log, a present that is pinned, and people who are told once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from tests.live_projects import nowhere
from tests.unit.observe.conftest import SERVED, World, rows_of

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_alerter import MemoryAlerter
from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.adapters.memory_state import MemoryState
from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.artifacts.health_report import ALERT, HealthReport
from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.core.errors import MisuseError
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import Criterion, Outcome, Verdict
from sluiceway.declare.project import Project
from sluiceway.deploy.rollout import FIRST, first
from sluiceway.flow.answering import answering
from sluiceway.flow.cache import keep
from sluiceway.flow.graph import GRAPH
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.live_health import LiveHealth
from sluiceway.ledger.alerting import last_decision
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.rolling import Transition, record_transition
from sluiceway.ledger.running import record_published
from sluiceway.ledger.standing import Standing, live_standings, record_verdict, standings
from sluiceway.plans.moments_sql import microseconds
from sluiceway.server.shelf import shelve

NOW = datetime(2026, 1, 8, 12, tzinfo=UTC)
LAST_WEEK, THIS_WEEK = datetime(2025, 12, 29, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
SCHEDULE = sw.Source("schedule", sql="unused", key="flight_id", event_time="departs", known_time="told")
LANDINGS = sw.Source("landings", sql="unused", key="flight_id", event_time="lands")
WIND = sw.FeatureView("origin_weather", "origin", LANDINGS, [sw.latest("wind")], fresh_within="2h")
PIPELINE = sw.Pipeline(
    spec="spec.yaml", views=[WIND], model=lambda trial: None,
    label=sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="1d"),
)  # fmt: skip
OPEN = Verdict((Criterion.at_most("cost", measured=0.5, limit=1.0),))
DRIFTED = pl.col("distance") * 2


class Scene:
    """A registered model that answers live traffic, and a week of flights to ask it about."""

    def __init__(self, **bundle):
        self.clock, self.alerter, self.log = FixedClock(NOW), MemoryAlerter(), MemoryRequests()
        world = World(spec=replace(World().spec, observe=replace(World().spec.observe, window="7d")))
        self.world = replace(world, bundle=replace(world.bundle, **bundle))
        nothing = dict.fromkeys(("reader", "online", "tracker", "rehearse"))
        objects, tables = self.world.objects, self.world.tables
        self.kit = Kit(
            files=objects, objects=objects, scratch=nowhere, tables=tables, engine=DuckdbEngine(threads=1),
            ledger=Ledger(MemoryState(), self.clock), clock=self.clock, requests=self.log, alerter=self.alerter,
            **nothing,
        )  # fmt: skip
        self.flights = rows_of(SERVED, 31, seed=3)
        self.store("spec", self.world.promise)
        self.store("ingest", self.dataset())
        features, candidate = self.world.features(), self.world.candidate()
        self.store("features", features)
        self.store("evaluate", candidate)
        told = {"model": "late", "version": 1}
        record_published(self.kit.ledger, "evaluate", candidate.content_id, told, as_of=None)
        above = {"ingest": "d" * 64, "features": features.content_id}
        standing = Standing(5, "train", candidate.content_id, above, OPEN, None, 0)
        record_verdict(self.kit.ledger, standing, as_of=None)
        self.answers_by("v1")

    def store(self, name, artifact):
        node = next(node for node in GRAPH if node.name == name)
        keep(node, artifact.content_id, artifact, parents={}, kit=self.kit, settings=Settings())

    def answers_by(self, version):
        served = shelve(self.world.bundle, version, self.kit.objects)
        state = first(LIVE, served, at=NOW)
        record_transition(self.kit.ledger, Transition(FIRST, state))

    def dataset(self):
        rows = self.flights
        schedule = rows.select("flight_id", departs="_at", told=pl.col("_at") - timedelta(days=9)).with_columns(
            _event_time="departs", _known_time="told"
        )
        landings = rows.select("flight_id", delay=60 * pl.col("_label"), lands="_label_known_time").with_columns(
            _event_time="lands", _known_time="lands"
        )
        named = {"schedule": schedule, "landings": landings}
        refs = tuple(self.kit.tables.write(f"sources/{name}", each.to_arrow()) for name, each in named.items())
        return DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ()))

    def ask(self, rows, *, arrived, version="v1", at=None, apart=A_MINUTE, known=None):
        """Log rows as if they had arrived from a moment on; the weather was ``known`` through one, or not read."""
        read = {} if known is None else {"origin_weather": ("d" * 64, microseconds(known), microseconds(known))}
        said = self.world.probability(rows)
        lines = []
        for place, row in enumerate(rows.iter_rows(named=True)):
            arrival = microseconds(arrived + place * apart)
            features = {name: row[name] for name in ("carrier", "distance", "origin_weather__latest_wind")}
            record = RequestRecord(
                request_id=f"{version}-{arrival}", row=0, rows=1, arrival=arrival,
                at=arrival if at is None else microseconds(at), scope="live", status=200, latency_us=900,
                version=version, arm="champion", probability=float(said[place]), prediction=0,
                key={"flight_id": row["flight_id"]}, features=features, views=read,
            )  # fmt: skip
            lines.append(encode(record) + b"\n")
        self.log.append(b"".join(lines))

    def health(self, *, windows=4, pipeline=PIPELINE, **settings):
        project = Project(pipeline, {LANDINGS.name: LANDINGS}, "", "")
        return LiveHealth(self.kit, Settings(**settings), lambda: project, windows=windows)

    def look(self, **settings):
        health = self.health(**settings)
        return health.settle(health.look())


@pytest.fixture
def scene():
    return Scene()


def drifted(rows):
    return rows.with_columns(distance=DRIFTED.cast(pl.Float32))


def kinds(report):
    return {(alert.kind, alert.subject) for each in report.windows for alert in each.alerts if alert.severity == ALERT}


def test_a_drift_of_live_traffic_is_on_record_and_told_once(scene):
    scene.ask(drifted(scene.flights[:600]), arrived=LAST_WEEK)
    (found,) = scene.look().found
    assert ("data_drift", "distance") in kinds(found.report)
    assert found.report.scope == "live"
    assert live_standings(scene.kit.ledger)["observe"].artifact == found.report.content_id
    assert "observe" not in standings(scene.kit.ledger)
    assert decode(HealthReport, scene.kit.objects.get(f"health/live/{found.report.content_id}.json")) == found.report
    assert b"health, live" in scene.kit.objects.get(found.page)
    assert last_decision(scene.kit.ledger, scope="live")["retrain"] is True
    assert {entry.body["scope"] for entry in scene.kit.ledger.entries("alert")} == {"live"}
    assert len(scene.alerter.sent) == 1
    scene.ask(drifted(scene.flights[600:700]), arrived=NOW - timedelta(hours=9))
    scene.look()
    assert len(scene.alerter.sent) == 1


def test_a_view_that_is_served_stale_is_told_of_once_and_asks_for_no_new_model(scene):
    """Nothing was written any more from the first request on: two of ten hours were within the limit."""
    scene.ask(scene.flights[:600], arrived=LAST_WEEK, known=LAST_WEEK)
    (found,) = scene.look().found
    assert kinds(found.report) == {("staleness", "origin_weather")}
    (view,) = found.report.windows[0].views
    assert (view.within_s, view.stale) == (7200.0, pytest.approx(0.8, abs=0.01))
    assert found.report.decision.retrain is False
    assert len(scene.alerter.sent) == 1
    scene.look()
    assert len(scene.alerter.sent) == 1


def test_with_a_pinned_present_the_windows_go_by_arrival(scene):
    pinned = SERVED + timedelta(days=40)
    for weeks in (1, 2):
        scene.ask(scene.flights[:300], arrived=NOW - timedelta(days=7 * weeks), at=pinned)
    (found,) = scene.look(as_of=pinned).found
    assert [(f"{each.began:%m-%d}", each.traffic.requests) for each in found.report.windows[:2]] == [
        ("12-22", 300), ("12-29", 300),
    ]  # fmt: skip
    assert all(each.performance.rows == 300 for each in found.report.windows[:2])
    assert found.verdict.is_open


def test_outcomes_count_only_once_they_are_known(scene):
    scene.ask(scene.flights[:300], arrived=NOW - timedelta(days=2))
    (found,) = scene.look(as_of=SERVED - timedelta(days=1)).found
    closed = {each.name: each for each in found.verdict.closed}
    assert closed["new rows whose outcome has matured"].measured == 0
    assert (found.report.seen.due, found.verdict.outcome) == (0, Outcome.INCONCLUSIVE)


def test_too_little_traffic_is_inconclusive_and_not_healthy(scene):
    scene.ask(scene.flights[:150], arrived=NOW - timedelta(days=1))
    seen = scene.look()
    (found,) = seen.found
    assert (found.verdict.outcome, seen.is_open) == (Outcome.INCONCLUSIVE, False)
    assert "new rows that this version answered" in {each.name for each in found.verdict.closed}


def test_no_traffic_at_all_is_not_healthy(scene):
    seen = scene.look()
    assert (seen.found, seen.requests, seen.is_open) == ((), 0, False)


def test_each_version_is_reported_by_what_it_answered(scene):
    baseline = {"version": "v1-baseline", "apart": timedelta(minutes=26)}
    scene.ask(drifted(scene.flights[:400]), arrived=LAST_WEEK, **baseline)
    scene.ask(scene.flights[400:900], arrived=NOW - timedelta(days=2))
    scene.ask(scene.flights[900:910], arrived=NOW - timedelta(days=2), version="v7")
    seen = scene.look()
    assert [each.report.version for each in seen.found] == ["v1-baseline", "v1"]
    old, new = (each.report for each in seen.found)
    assert (old.seen.rows, new.seen.rows, dict(seen.unknown)) == (400, 500, {"v7": 10})
    assert ("data_drift", "distance") in kinds(old)
    assert ("data_drift", "distance") not in kinds(new)


def test_a_version_that_answers_no_more_is_reported_and_nobody_is_told(scene, monkeypatch):
    scene.ask(drifted(scene.flights[:600]), arrived=LAST_WEEK, apart=timedelta(minutes=20))
    other = replace(scene.world.bundle, threshold=0.9)
    scene.world = replace(scene.world, bundle=other)
    scene.answers_by("v2")
    (found,) = scene.look().found
    assert not found.answering.is_serving
    assert ("data_drift", "distance") in kinds(found.report)
    assert found.report.ended < NOW
    assert found.report.seen.due == found.report.seen.matured == 600
    assert scene.alerter.sent == []


def test_only_the_rolling_period_is_looked_at(scene):
    scene.ask(scene.flights[:300], arrived=NOW - timedelta(days=40))
    assert scene.look().requests == 0
    assert scene.look(windows=6).requests == 300


def look_again(health):
    return health.settle(health.look(), only_news=True)


def test_watching_records_only_what_is_new(scene):
    scene.ask(scene.flights[:600], arrived=THIS_WEEK)
    health = scene.health()
    health.settle(health.look())
    entries = len(list(scene.kit.ledger.entries()))
    scene.clock.moment = NOW + timedelta(minutes=5)
    assert look_again(health).found[0].page
    assert len(list(scene.kit.ledger.entries())) == entries
    scene.ask(drifted(scene.flights[:1800]), arrived=NOW + timedelta(minutes=6))
    scene.clock.moment = NOW + timedelta(days=2)
    early = look_again(health).found[0]
    assert "distance" in {alert.subject for alert in early.report.windows[-1].alerts}
    assert (kinds(early.report), scene.alerter.sent) == (set(), [])
    scene.clock.moment = THIS_WEEK + timedelta(days=7, minutes=1)
    assert ("data_drift", "distance") in kinds(look_again(health).found[0].report)
    assert len(list(scene.kit.ledger.entries())) > entries
    assert len(scene.alerter.sent) == 1


def test_an_alert_that_could_not_be_delivered_is_sent_again_while_watching(scene):
    class Broken:
        places, sent = ("slack 1",), 0

        def send(self, title, alerts, *, places):
            self.sent += 1
            return {"slack 1": "no answer"} if self.sent == 1 else {}

    broken = Broken()
    scene.kit = replace(scene.kit, alerter=broken)
    scene.ask(drifted(scene.flights[:600]), arrived=LAST_WEEK)
    health = scene.health()
    assert health.settle(health.look()).found[0].failed == {"slack 1": "no answer"}
    assert look_again(health).found[0].failed == {}
    look_again(health)
    assert broken.sent == 2


def test_before_anybody_answers_there_is_nothing_to_watch(scene):
    scene.kit = replace(scene.kit, ledger=Ledger(MemoryState(), scene.clock))
    with pytest.raises(MisuseError, match="nobody answers live traffic yet"):
        scene.health()


def test_a_version_is_known_by_what_the_log_calls_it(scene):
    model, baseline = (answering(version, scene.kit) for version in ("v1", "v1-baseline"))
    assert model.artifact == baseline.artifact
    assert baseline.candidate.bundle == model.candidate.baseline
    assert [answering(version, scene.kit) for version in ("v2", "other", "")] == [None] * 3

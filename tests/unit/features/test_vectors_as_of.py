"""Vectors of logged requests: those of the training table, and of what was asked."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.core.moments import FixedClock
from sluiceway.declare.project import Project
from sluiceway.features.asked import asked_between
from sluiceway.features.held_tables import HeldTables
from sluiceway.features.point_in_time import Facts
from sluiceway.features.run import run
from sluiceway.features.vectors_as_of import vectors_as_of
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.request_log import INPUT
from sluiceway.ports.progress import Silence

TIME = pa.timestamp("us", "UTC")
START = datetime(2013, 1, 1, tzinfo=UTC)
SCHEDULE = sw.Source("schedule", sql="unused", key="id", event_time="departs", known_time="departs")
LANDINGS = sw.Source("landings", sql="unused", key="id", event_time="lands")
PIPELINE = sw.Pipeline(
    spec="spec.yaml",
    views=[
        sw.FeatureView(
            "delays", entity="carrier", source=LANDINGS, features=[sw.mean("delay", over="6h"), sw.latest("gate")]
        ),
        sw.FeatureView("home", entity=("tail", "carrier"), source=LANDINGS, features=[sw.count(over="9h")], every="1h"),
        sw.RequestView(hour="hour(departs)", third="distance / 3", band="CAST(distance > 120 AS varchar)"),
        sw.RequestView(
            pace="delays__mean_delay_6h / nullif(distance, 0) + third",
            busy="home__count_9h > 1",
            twice="pace * 2 + hour",
            where_to="coalesce(delays__latest_gate, 'none') || '-' || coalesce(busy, '?')",
        ),
    ],
    label=sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="12h"),
    model=lambda trial: None,
)
INPUTS = ("carrier", "distance", "departs", "international")


def hour(number):
    return START + timedelta(hours=number)


def flight(number):
    return {
        "id": number,
        "carrier": None if number % 11 == 3 else "XY"[number % 2],
        "tail": number % 5,
        "distance": None if number % 13 == 4 else 100.1 + number,
        "departs": hour(number),
        "international": number % 3 == 0,
        "_event_time": hour(number),
        "_known_time": hour(number - 99),
    }


def landing(number):
    lands = hour(number + 3)
    own = {"delay": 45 if number % 3 == 0 else number % 30, "gate": f"g{number % 4}"}
    return {**flight(number), **own, "_event_time": lands, "_known_time": lands}


@pytest.fixture(scope="module")
def facts():
    tables = MemoryTables()
    flights, landings = [flight(number) for number in range(60)], [landing(number) for number in range(57)]
    refs = [
        tables.write(f"sources/{name}", pa.Table.from_pylist(rows))
        for name, rows in {"schedule": flights, "landings": landings}.items()
    ]
    dataset = DatasetVersion((), tuple(refs), RestoreReport(0.0, 0, 0, 0, ()))
    return Facts(dataset, HeldTables(tables), DuckdbEngine(threads=1), microseconds(hour(90)))


def logged(facts, *, began=0, until=60):
    """Log requests for what was due, as a server would have."""
    asked = asked_between(facts, PIPELINE, INPUTS, began=hour(began), until=hour(until))
    taken = {INPUT + name: asked.column(name) for name in (*INPUTS, "tail")}
    return pa.table({"at": asked.column("_at"), "id": asked.column("id"), **taken})


def vectors(facts, requests):
    return vectors_as_of(facts, PIPELINE, INPUTS, requests)


def test_vectors_are_the_training_tables_rows(facts):
    tables = MemoryTables()
    for ref in facts.dataset.tables:
        tables.write(ref.name, facts.tables.read(ref))
    features = run(
        facts.dataset, project=Project(PIPELINE, {}, "", ""), inputs=INPUTS, as_of=hour(90), tables=tables,
        engine=DuckdbEngine(), online=MemoryOnline(), progress=Silence(), clock=FixedClock(START), seed=0,
    )  # fmt: skip
    trained = tables.read(features.table)
    requests = logged(facts, until=57)
    assert trained.column("id").to_pylist() == requests.column("id").to_pylist()
    got = vectors(facts, requests)
    assert got.column_names == [column.name for column in features.columns]
    assert got.to_pylist() == trained.select(got.column_names).to_pylist()


def test_rows_come_in_the_order_of_the_requests(facts):
    requests = logged(facts)
    order = [(7 * place) % 60 for place in range(60)]
    assert vectors(facts, requests.take(order)).equals(vectors(facts, requests).take(order))


def test_inputs_are_taken_from_the_log_and_not_from_the_source(facts):
    requests = logged(facts, began=20, until=21)
    other = requests.set_column(requests.column_names.index("input:carrier"), "input:carrier", pa.array(["Y"]))
    asked, changed = vectors(facts, requests).to_pylist()[0], vectors(facts, other).to_pylist()[0]
    assert (asked["carrier"], changed["carrier"]) == ("X", "Y")
    assert asked["delays__mean_delay_6h"] != changed["delays__mean_delay_6h"]
    assert asked["hour"] == changed["hour"] == 20.0


def test_the_same_entity_has_other_features_at_another_moment(facts):
    requests = logged(facts, began=20, until=21)
    later = requests.set_column(requests.column_names.index("at"), "at", pa.array([hour(40)], TIME))
    asked, changed = vectors(facts, requests).to_pylist()[0], vectors(facts, later).to_pylist()[0]
    assert asked["delays__mean_delay_6h"] != changed["delays__mean_delay_6h"]
    assert asked["band"] == changed["band"] == "true"


def test_a_log_without_requests_gives_no_vectors(facts):
    got = vectors(facts, logged(facts).slice(0, 0))
    assert got.num_rows == 0
    assert "home__count_9h" in got.column_names

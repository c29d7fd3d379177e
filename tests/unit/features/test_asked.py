"""What was due between two moments, and nothing that nobody could have asked."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.features.asked import asked_between
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.moments_sql import microseconds

TIME = pa.timestamp("us", "UTC")
START = datetime(2013, 3, 1, tzinfo=UTC)
SCHEDULE = sw.Source("schedule", sql="unused", key="id", event_time="departs", known_time="told")
LANDINGS = sw.Source("landings", sql="unused", key="id", event_time="lands")
GATES = sw.Source("gates", sql="unused", key="id", event_time="opens")
PIPELINE = sw.Pipeline(
    spec="spec.yaml",
    views=[
        sw.FeatureView("delays", entity="carrier", source=LANDINGS, features=[sw.mean("delay", over="6h")]),
        sw.FeatureView("gate", entity="gate", source=GATES, features=[sw.count(over="1h")]),
        sw.RequestView(hour="hour(departs)"),
    ],
    label=sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="5h"),
    model=lambda trial: None,
)
INPUTS = ("carrier", "departs")


def hour(number):
    return START + timedelta(hours=number)


def flight(number, departs, *, carrier="X", told=-10.0):
    return (number, carrier, "g1", hour(departs), hour(departs), hour(told))


def landing(number, lands, delay):
    return (number, "X", delay, hour(lands), hour(lands))


def table(rows, **columns):
    arrays = [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(columns.values())]
    return pa.table(arrays, names=list(columns))


def facts_of(flights, landings, gates=(), cutoff=1000):
    tables, text, whole = MemoryTables(), pa.string(), pa.int64()
    times = {"_event_time": TIME, "_known_time": TIME}
    made = {
        "schedule": table(flights, id=whole, carrier=text, gate=text, departs=TIME, **times),
        "landings": table(landings, id=whole, carrier=text, delay=whole, **times),
        "gates": table(gates, id=whole, gate=text, **times),
    }
    refs = tuple(tables.write(f"sources/{name}", rows) for name, rows in made.items())
    dataset = DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ()))
    return Facts(dataset, tables, DuckdbEngine(threads=1), microseconds(hour(cutoff)))


def asked(facts, began=0, until=10):
    return asked_between(facts, PIPELINE, INPUTS, began=hour(began), until=hour(until)).to_pylist()


def test_rows_come_in_the_order_of_their_moment_and_key_from_the_first_moment_to_before_the_last():
    flights = [flight(number, departs) for number, departs in ((5, 9), (9, 3), (2, 3), (7, 0), (8, -1), (6, 10))]
    assert [row["id"] for row in asked(facts_of(flights, []))] == [7, 2, 9, 5]


def test_a_row_has_what_a_caller_knew_and_what_came_of_it():
    facts = facts_of([flight(1, 3), flight(2, 4, carrier=None)], [landing(1, 5, 31), landing(1, 6, 10)])
    first, second = asked(facts)
    assert first == {
        "_at": hour(3), "id": 1, "carrier": "X", "departs": hour(3), "gate": "g1", "hour": 3, "_label": 0,
        "_label_known_time": hour(6),
    }  # fmt: skip
    assert (second["carrier"], second["_label"], second["_label_known_time"]) == (None, None, None)


def test_outcomes_count_whatever_the_label_says_of_maturing_as_far_as_the_facts_go():
    flights, landings = [flight(1, 3)], [landing(1, 5, 31)]
    assert asked(facts_of(flights, landings, cutoff=6))[0]["_label"] == 1
    assert asked(facts_of(flights, landings, cutoff=4))[0]["_label"] is None


def test_what_became_known_only_after_its_prediction_was_not_asked():
    assert asked(facts_of([flight(1, 3, told=4), flight(2, 3, told=3)], []))[0]["id"] == 2


def test_of_several_versions_the_newest_known_by_its_own_prediction_is_asked():
    flights = [flight(1, 3), flight(1, 5, told=1, carrier="Y"), flight(1, 4, told=8, carrier="Z")]
    assert [(row["id"], row["carrier"], row["_at"]) for row in asked(facts_of(flights, []))] == [(1, "Y", hour(5))]

"""Profiles: shares that are there, examples that may be shown, and how fresh views are."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.features.held_tables import HeldTables
from sluiceway.features.point_in_time import Facts
from sluiceway.features.profiles import feature_profiles, freshness, shares
from sluiceway.plans.moments_sql import microseconds

START = datetime(2013, 1, 1, tzinfo=UTC)
LANDINGS = sw.Source("landings", sql="unused", key="id", event_time="lands")
COLUMNS = [
    FeatureColumn("v__number", "number", "view"),
    FeatureColumn("v__text", "text", "view"),
    FeatureColumn("asked", "number", "request"),
    FeatureColumn("given", "number", "input"),
]


def at(hour):
    return START + timedelta(hours=hour)


def profiles(training, online=None, hidden=()):
    table = pa.table({"given": [0.0] * len(training["asked"]), **training})
    tables = MemoryTables()
    return feature_profiles(COLUMNS, tables.write("features/late", table), tables, online or {}, hidden=hidden)


def test_shares_and_examples_of_what_is_no_input():
    found = profiles(
        {
            "v__number": [3.0, None, float("nan"), 1.0, 2.0],
            "v__text": ["b", "a", "b", None, "c"],
            "asked": [1.0, 1.0, 1.0, 1.0, 1.0],
        },
        {"v__number": 0.5, "v__text": 1.0},
    )
    assert set(found) == {"v__number", "v__text", "asked"}
    assert (found["v__number"].trained, found["v__number"].online) == (0.6, 0.5)
    assert found["v__number"].examples == (1.0, 2.0, 3.0)
    assert found["v__text"].examples == ("b", "a", "c")
    assert (found["asked"].examples, found["asked"].online) == ((1.0,), None)


def test_of_sensitive_features_there_is_no_example():
    found = profiles({"v__number": [4711.0], "v__text": ["x"], "asked": [2.0]}, hidden=("v__number", "asked"))
    assert (found["v__number"].examples, found["asked"].examples) == ((), ())
    assert found["v__number"].trained == 1.0
    assert found["v__text"].examples == ("x",)


def test_without_rows_nothing_is_said():
    nothing = {
        "v__number": pa.array([], pa.float64()),
        "v__text": pa.array([], pa.string()),
        "asked": pa.array([], pa.float64()),
    }
    found = profiles(nothing)
    assert {(each.trained, each.examples) for each in found.values()} == {(None, ())}


@pytest.mark.parametrize(
    ("features", "through"),
    [([sw.mean("delay", over="1h")], at(4)), ([sw.latest("delay")], at(4) + timedelta(minutes=7))],
)
def test_freshness_tells_the_newest_fact_that_was_known_and_how_far_all_is(features, through):
    view = sw.FeatureView("delays", entity="carrier", source=LANDINGS, features=features, every="1h")
    landed = [
        {"id": n, "carrier": "X", "delay": 1.0 * n, "_event_time": at(n - 1), "_known_time": at(n)} for n in range(10)
    ]
    tables = MemoryTables()
    dataset = DatasetVersion(
        (), (tables.write("sources/landings", pa.Table.from_pylist(landed)),), RestoreReport(0.0, 0, 0, 0, ())
    )
    facts = Facts(dataset, HeldTables(tables), DuckdbEngine(threads=1), microseconds(at(4) + timedelta(minutes=7)))
    trained = pa.table({view.columns[0]: [1.0, None, 2.0, None]})
    fresh = freshness(facts, view, entities=1, features=trained)
    assert (fresh.newest_event, fresh.newest_known, fresh.known_through) == (at(3), at(4), through)
    assert (fresh.entities, fresh.asked) == (1, 0.5)
    assert shares(view, trained) == {view.columns[0]: 0.5}

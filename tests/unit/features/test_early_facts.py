"""Early facts, on a shop whose outcome is known two months after each purchase."""

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.declare.project import Project
from sluiceway.features.early_facts import find_early_facts
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.moments_sql import microseconds

START = datetime(2013, 1, 1, tzinfo=UTC)
CHANCE = random.Random(1)
SHOP = [
    {"id": number, "customer": number % 20, "value": CHANCE.random(), "delay": CHANCE.randrange(-20, 90)}
    for number in range(400)
]
for ROW in SHOP:
    ROW["back"] = CHANCE.random() < 0.4
PURCHASES = sw.Source("purchases", sql="SELECT id, customer, value FROM raw", key="id", event_time="bought")
ACROSS = "SELECT id, value, max(back) OVER (PARTITION BY customer ORDER BY id) AS back, delay FROM raw"
PLAIN = "SELECT id, value, back, delay FROM raw"


def table(rows, days):
    moments = pa.array([START + timedelta(days=row["id"] + days) for row in rows], pa.timestamp("us", "UTC"))
    made = pa.Table.from_pylist([{name: value for name, value in row.items() if name != "at"} for row in rows])
    return made.append_column("_event_time", moments).append_column("_known_time", moments)


def found(feature, rows, *, suspect_sql="SELECT 1 AS unused", label_sql=PLAIN, condition="back", days=0):
    """Name what a view over a source called ``suspect`` states early; known ``days`` after each purchase."""
    suspect = sw.Source("suspect", sql=suspect_sql, key="id", event_time="at")
    outcomes = sw.Source("outcomes", sql=label_sql, key="id", event_time="decided")
    view = sw.FeatureView("v", entity="customer", source=suspect, features=[feature])
    label = sw.Label("again", outcomes, condition, each=PURCHASES, at="bought", matures="61d")
    pipeline = sw.Pipeline(spec="spec.yaml", views=[view], label=label, model=lambda trial: trial)
    tables = MemoryTables()
    outcome = [{name: row[name] for name in ("id", "value", "back", "delay")} for row in SHOP]
    asked = [{name: row[name] for name in ("id", "customer", "value")} for row in SHOP]
    content = {
        "raw": table(SHOP, 0),
        "purchases": table(asked, 0),
        "suspect": table(rows, days),
        "outcomes": table(outcome, 61),
    }
    refs = tuple(tables.write(f"sources/{name}", rows) for name, rows in content.items())
    dataset = DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ()))
    project = Project(
        pipeline, {"raw": sw.Source("raw", sw.files("a.csv")), "suspect": suspect, "outcomes": outcomes}, "", ""
    )
    facts = Facts(dataset, tables, DuckdbEngine(), microseconds(START + timedelta(days=1000)))
    return [(fact.source, fact.column, fact.share) for fact in find_early_facts(facts, project, ("value",))]


def keyed(**made):
    return [{"id": row["id"], "customer": row["customer"], **{k: f(row) for k, f in made.items()}} for row in SHOP]


RETURNED = sw.mean("returned", over="60d")


@pytest.mark.parametrize(
    "returned",
    [
        lambda row: int(row["back"]),
        lambda row: 1 - row["back"],
        lambda row: float(row["back"]),
        lambda row: row["back"],
        lambda row: int(row["back"] if row["id"] else not row["back"]),
    ],
    ids=["integer", "reversed", "number", "boolean", "all but one"],
)
def test_a_boolean_outcome_as_a_number_is_the_outcome(returned):
    assert found(RETURNED, keyed(returned=returned)) == [("suspect", "returned", 1.0)]


@pytest.mark.parametrize(
    "returned",
    [
        lambda row: 1,
        lambda row: 0,
        lambda row: row["id"] % 2,
        lambda row: row["value"],
        lambda row: None if row["back"] else 1,
    ],
    ids=["always", "never", "by chance", "other", "one side null"],
)
def test_a_number_that_agrees_on_one_side_only_is_no_outcome(returned):
    rows = keyed(returned=returned)
    assert found(RETURNED, rows) == []


def test_the_condition_itself_is_an_outcome():
    rows = keyed(returned=lambda row: int(row["delay"] > 30))
    assert found(RETURNED, rows, condition="delay > 30") == [("suspect", "returned", 1.0)]


def test_what_is_known_no_earlier_is_no_early_fact():
    assert found(RETURNED, keyed(returned=lambda row: int(row["back"])), days=61) == []


@pytest.mark.parametrize("states", [True, False])
def test_rows_that_exist_where_the_outcome_is_so_are_the_outcome(states):
    rows = [row for row, whole in zip(keyed(), SHOP, strict=True) if (whole["delay"] > 30) is states]
    assert found(sw.count(over="60d"), rows, condition="delay > 30") == [("suspect", "(rows)", 1.0)]


@pytest.mark.parametrize("keep", [lambda row: True, lambda row: row["id"] % 3, lambda row: row["delay"] > 20])
def test_rows_that_exist_otherwise_say_nothing(keep):
    rows = [row for row, whole in zip(keyed(), SHOP, strict=True) if keep(whole)]
    assert found(sw.count(over="60d"), rows, condition="delay > 30") == []


MADE = "SELECT id, customer, back AND value > 0.5 AS dear FROM raw"
DEAR = sw.mean("dear", over="60d")


def test_a_column_made_from_what_decides_the_label_is_the_outcome():
    rows = keyed(dear=lambda row: row["back"] and row["value"] > 0.5)
    assert found(DEAR, rows, suspect_sql=MADE) == [("suspect", "dear", 1.0)]


def test_sharing_columns_with_a_label_that_looks_across_rows_proves_nothing():
    rows = keyed(dear=lambda row: row["back"] and row["value"] > 0.5)
    assert found(DEAR, rows, suspect_sql=MADE, label_sql=ACROSS) == []
    rows = keyed(dear=lambda row: int(row["back"]))
    assert found(DEAR, rows, suspect_sql=MADE, label_sql=ACROSS) == [("suspect", "dear", 1.0)]

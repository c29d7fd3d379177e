"""What came of each prediction, as far as it was known by a moment."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.features.label_outcomes import label_outcomes
from sluiceway.plans.moments_sql import microseconds

TIME = pa.timestamp("us", "UTC")
START = datetime(2013, 3, 1, tzinfo=UTC)
SCHEDULE = sw.Source("schedule", sql="unused", key=["id", "leg"], event_time="departs", known_time="told")
LANDINGS = sw.Source("landings", sql="unused", key=["id", "leg"], event_time="lands")
LABEL = sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="5h")


def hour(number):
    return START + timedelta(hours=number)


def outcomes(flights, landings, cutoff=1_000):
    """Flights are (id, departure hour), landings (id, landing hour, delay)."""
    tables, times = MemoryTables(), {"_event_time": TIME, "_known_time": TIME}
    made = {
        "schedule": (
            [(each, "a", hour(departs), hour(departs), hour(-99)) for each, departs in flights],
            {"id": pa.int64(), "leg": pa.string(), "departs": TIME, **times},
        ),
        "landings": (
            [(each, "a", delay, hour(lands), hour(lands)) for each, lands, delay in landings],
            {"id": pa.int64(), "leg": pa.string(), "delay": pa.int64(), **times},
        ),
    }
    refs = tuple(
        tables.write(
            f"sources/{name}",
            pa.table([pa.array([row[n] for row in rows], kind) for n, kind in enumerate(kinds.values())], list(kinds)),
        )
        for name, (rows, kinds) in made.items()
    )
    dataset = DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ()))
    table = label_outcomes(
        dataset, LABEL, tables=tables, engine=DuckdbEngine(threads=1), cutoff=microseconds(hour(cutoff))
    )
    return {row["id"]: row for row in table.to_pylist()}


def test_an_outcome_has_its_key_its_prediction_and_when_it_was_known():
    assert outcomes([(1, 3)], [(1, 5, 31)]) == {
        1: {"id": 1, "leg": "a", "_at": hour(3), "_label": 1, "_label_known_time": hour(5)}
    }


def test_what_has_no_outcome_yet_is_there_without_one():
    row = outcomes([(1, 3)], [(1, 5, 31)], cutoff=4)[1]
    assert (row["_at"], row["_label"], row["_label_known_time"]) == (hour(3), None, None)


def test_of_several_outcomes_the_newest_known_counts():
    landings = [(1, 5, 31), (1, 7, 10)]
    assert outcomes([(1, 3)], landings)[1]["_label"] == 0
    assert outcomes([(1, 3)], landings, cutoff=6)[1]["_label"] == 1


def test_outcomes_that_have_not_matured_are_told_for_others_to_judge():
    assert outcomes([(1, 3)], [(1, 4, 31)], cutoff=5)[1]["_label"] == 1

"""A small airline for stage 4: its flights and landings as tables, and a pipeline over them."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.core.moments import FixedClock
from sluiceway.declare.project import Project
from sluiceway.features.run import run
from sluiceway.ports.progress import Silence

TIME = pa.timestamp("us", "UTC")
START = datetime(2013, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
SCHEDULE = sw.Source("schedule", sql="unused", key="id", event_time="departs", known_time="departs")
LANDINGS = sw.Source("landings", sql="unused", key="id", event_time="lands")
DELAYS = sw.FeatureView(
    "delays", entity="carrier", source=LANDINGS, features=[sw.mean("delay", over="6h"), sw.latest("delay")]
)
INPUTS = ("carrier", "distance", "departs", "international")


def hour(number):
    return START + timedelta(hours=number)


def flights(count=60):
    """One flight an hour, landing three hours later; every tenth is cancelled, every third late."""
    return [
        {
            "id": number,
            "carrier": "XY"[number % 2],
            "distance": 100 + number,
            "departs": hour(number),
            "international": number % 3 == 0,
        }
        for number in range(count)
    ]


def landings(count=60):
    return [
        {
            "id": number,
            "carrier": "XY"[number % 2],
            "lands": hour(number + 3),
            "delay": 45 if number % 3 == 0 else number % 30,
        }
        for number in range(count)
        if number % 10 != 9
    ]


def table(rows, event, known):
    """Make a source's table; ``event`` and ``known`` take a row and give a moment."""
    made = pa.Table.from_pylist(rows)
    events, knowns = (pa.array([when(row) for row in rows], TIME) for when in (event, known))
    return made.append_column("_event_time", events).append_column("_known_time", knowns)


def dataset_of(tables, **sources):
    refs = tuple(tables.write(f"sources/{name}", rows) for name, rows in sources.items())
    return DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ()))


def scheduled(rows, known=lambda row: row["departs"] - timedelta(days=9)):
    return table(rows, lambda row: row["departs"], known)


def landed(rows, known=lambda row: row["lands"]):
    return table(rows, lambda row: row["lands"], known)


def pipeline(views=(DELAYS,), **changes):
    label = {
        "source": LANDINGS,
        "each": SCHEDULE,
        "at": "departs",
        "matures": "12h",
        "expression": "delay > 30",
    } | changes
    return sw.Pipeline(spec="spec.yaml", views=list(views), label=sw.Label("late", **label), model=lambda trial: trial)


def build(declared, sources, *, as_of=None, inputs=INPUTS, tables=None, online=None, seed=0, **more):
    tables = tables or MemoryTables()
    features = run(
        dataset_of(tables, **sources), project=Project(declared, {}, "", ""), inputs=inputs, as_of=as_of, tables=tables,
        engine=DuckdbEngine(), online=online or MemoryOnline(), progress=Silence(), clock=FixedClock(NOW), seed=seed,
        **more,
    )  # fmt: skip
    return features, tables.read(features.table).to_pylist()


def usual(**changes):
    return {"schedule": scheduled(flights()), "landings": landed(landings())} | changes

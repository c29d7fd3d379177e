"""A small project with a schedule, its landings and airports, whose rows each test may bend."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.dataset_version import QUARANTINE_FOLDER, TABLES_FOLDER, DatasetVersion, RestoreReport
from sluiceway.artifacts.promise import Promise
from sluiceway.declare.column_rules import column
from sluiceway.declare.feature_builders import latest
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.files import files
from sluiceway.declare.pipeline import Label, Pipeline
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.declare.spec import Acceptance, Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.declare.table_rules import fresh, reference, row
from sluiceway.ports.progress import Silence
from sluiceway.validate.run import run

START = datetime(2013, 3, 1, tzinfo=UTC)
NOW = START + timedelta(days=58)
AIRPORTS = Source("airports", files("airports.csv"), key="faa")


class World:
    """Stores, and three sources of 1,500 flights."""

    def __init__(self):
        self.tables, self.objects, self.engine = MemoryTables(), ObstoreObjects.memory(), DuckdbEngine()
        self.start, self.now = START, NOW

    def frames(self, seed=0, size=1500):
        """Make rows that keep every rule."""
        rng = np.random.default_rng(seed)
        ids = [f"f{number}" for number in range(size)]
        departs = [START + timedelta(minutes=55 * number) for number in range(size)]
        schedule = pl.DataFrame(
            {
                "flight_id": ids,
                "origin": rng.choice(["EWR", "JFK", "LGA"], size),
                "dest": rng.choice(["ATL", "ORD", "SFO", "BOS"], size),
                "distance": rng.gamma(4, 250, size).clip(80, 5000).round(),
                "scheduled_departure": departs,
                "scheduled_arrival": [moment + timedelta(hours=3) for moment in departs],
            }
        )
        times = {
            "_event_time": pl.col("scheduled_departure"),
            "_known_time": pl.col("scheduled_departure").dt.offset_by("-1h"),
        }
        delay = rng.normal(5, 40, size)
        landed = pl.DataFrame({"flight_id": ids, "arr_delay": delay, "cancelled": rng.random(size) < 0.02})
        at = schedule["scheduled_arrival"]
        return {
            "airports": pl.DataFrame({"faa": ["ATL", "ORD", "SFO", "BOS"], "name": ["a", "b", "c", "d"]}),
            "schedule": schedule.with_columns(**times),
            "landings": landed.with_columns(at.alias("_event_time"), at.alias("_known_time")),
        }

    def dataset(self, frames, quarantine=()):
        """Store the rows as a version, with those that are set apart by source."""
        refs = [self.tables.write(TABLES_FOLDER + name, frame.to_arrow()) for name, frame in frames.items()]
        for name, frame in dict(quarantine).items():
            refs.append(self.tables.write(QUARANTINE_FOLDER + name, frame.to_arrow()))
        return DatasetVersion(files=(), tables=tuple(refs), restore=RestoreReport(0.1, 0, 0, len(refs), ()))

    def project(self, expectations=None, *, landings=(), airports=AIRPORTS):
        """Declare the sources."""
        rules = [
            column("origin").one_of("EWR", "JFK", "LGA"),
            column("distance").between(1, 6000),
            row("scheduled_arrival > scheduled_departure"),
            reference("dest", AIRPORTS, at_least=0.98),
            fresh(within="2d"),
        ]
        schedule = Source(
            "schedule",
            files("s.csv"),
            key="flight_id",
            event_time="scheduled_departure",
            known_time="scheduled_departure - interval 1 hour",
            expectations=rules if expectations is None else expectations,
        )
        landed = Source("landings", files("l.csv"), key="flight_id", event_time="landed_at", expectations=landings)
        view = FeatureView("last", entity="flight_id", source=landed, features=[latest("arr_delay")])
        label = Label("late", landed, "arr_delay > 30", each=schedule, at="scheduled_departure", matures="36h")
        pipeline = Pipeline("spec.yaml", [view], label, model=lambda trial: None)
        return Project(pipeline, {each.name: each for each in (airports, schedule, landed)}, "", "")

    def promise(self, **limits):
        """Write a spec with these limits."""
        spec = Spec(
            ProblemStatement("late_arrival", "Will this flight be late?", "ops"),
            Target("binary", "late", 1),
            ("origin", "dest"),
            Costs("USD", 180, 30),
            Metric("f_beta"),
            ServiceLevel(50, 0.999),
            Acceptance(**limits),
        )
        return Promise(spec, ())

    def run(
        self,
        frames,
        reference=None,
        *,
        expectations=None,
        landings=(),
        as_of=None,
        airports=AIRPORTS,
        quarantine=(),
        hidden=None,
    ):
        """Validate rows, against a reference's when there is one; ``hidden`` names sensitive columns by source."""
        return run(
            self.dataset(frames, quarantine),
            {"": (self.dataset(reference),)} if reference else {},
            project=self.project(expectations, landings=landings, airports=airports),
            as_of=as_of,
            tables=self.tables,
            objects=self.objects,
            engine=self.engine,
            progress=Silence(),
            hidden=lambda source: frozenset((hidden or {}).get(source, ())),
        )


@pytest.fixture
def world():
    return World()


@pytest.fixture(scope="session")
def new_world():
    """Make as many worlds as a test likes."""
    return World

"""A small served world: half a year of flights, whose delay follows the wind, and a log of what was asked after it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from tests import bundles

from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.evaluation import Evaluation, Metrics, Parity, Reproduction, SplitReport
from sluiceway.artifacts.feature_set import FeatureSet, RetrievalReport, RowCounts, TimeAudit
from sluiceway.artifacts.promise import Promise
from sluiceway.core.duration import parse_duration
from sluiceway.declare.spec import (
    Acceptance,
    Costs,
    Metric,
    Monitoring,
    ProblemStatement,
    ServiceLevel,
    Spec,
    Target,
)
from sluiceway.observe.logged import Logged
from sluiceway.observe.reference import Reference, reference_of
from sluiceway.observe.run import run
from sluiceway.online.predictor import Predictor
from sluiceway.plans.request_log import request_schema
from sluiceway.ports.progress import Silence
from sluiceway.stats.classification import confusion

START = datetime(2024, 1, 1, tzinfo=UTC)
HOLDOUT = datetime(2024, 5, 1, tzinfo=UTC)
SERVED = datetime(2024, 7, 1, tzinfo=UTC)
WEATHER = "origin_weather"
WITHIN = {WEATHER: timedelta(hours=2)}
USUALLY_BEHIND = timedelta(minutes=10)
A_DAY = 60
SPEC = Spec(
    problem=ProblemStatement("late", "Will it be late?", "ops"),
    target=Target("binary", "late", 1),
    inputs=("carrier", "origin", "distance"),
    costs=Costs("EUR", 120, 30),
    metric=Metric("f_beta"),
    sla=ServiceLevel(50, 0.999),
    acceptance=Acceptance(),
    observe=Monitoring(seasonal=("origin_weather",)),
)
MODEL = bundles.logistic(slope=0.004, intercept=-4.0)


def rows_of(began: datetime, days: int, *, seed: int = 0, a_day: int = A_DAY, lacking: float = 0.0) -> pl.DataFrame:
    """Flights in order of time; wind is a sine of the year, and the model is right about what makes a flight late.

    ``lacking`` is the share of flights of which the distance is not known.
    """
    rng = np.random.default_rng([seed, began.toordinal()])
    size = days * a_day
    minutes = np.sort(rng.integers(0, days * 1440, size))
    at = [began + timedelta(minutes=int(minute)) for minute in minutes]
    distance = rng.gamma(4.0, 180.0, size).astype(np.float32)
    year = np.array([moment.timetuple().tm_yday for moment in at]) / 366
    chance = 1 / (1 + np.exp(4.0 - 0.004 * distance))
    distance[np.random.default_rng([seed, 1]).random(size) < lacking] = np.nan
    return pl.DataFrame(
        {
            "flight_id": [f"F{moment:%Y%m%d%H%M}-{number}" for number, moment in enumerate(at)],
            "carrier": rng.choice(["UA", "B6", "DL", "AA"], size, p=[0.4, 0.3, 0.2, 0.1]),
            "distance": pl.Series(distance),
            "origin_weather__latest_wind": pl.Series(
                (12 + 8 * np.cos(2 * np.pi * year) + rng.normal(0, 2, size)).astype(np.float32)
            ),
            "_at": at,
            "_label": (rng.random(size) < chance).astype(np.int64),
            "_label_known_time": [moment + timedelta(hours=2) for moment in at],
        },
        schema_overrides={"_at": pl.Datetime("us", "UTC"), "_label_known_time": pl.Datetime("us", "UTC")},
    )


@dataclass(frozen=True, slots=True)
class World:
    """The served model with its holdout, and a way to log what was asked later."""

    spec: Spec = SPEC
    lacking: float = 0.0
    objects: ObstoreObjects = field(default_factory=ObstoreObjects.memory)
    tables: MemoryTables = field(default_factory=MemoryTables)
    bundle: Any = field(default_factory=lambda: bundles.made(MODEL, threshold=SPEC.threshold))

    @property
    def promise(self) -> Promise:
        return Promise(self.spec, ())

    @property
    def predictor(self) -> Predictor:
        return Predictor(self.bundle, MODEL)

    def learnt(self) -> pl.DataFrame:
        """The feature set's rows: four months to learn from, two to judge by."""
        return rows_of(START, (SERVED - START).days, lacking=self.lacking)

    def features(self) -> FeatureSet:
        table = self.tables.write("features/late", self.learnt().to_arrow())
        return FeatureSet(
            dataset="a" * 64,
            table=table,
            key=("flight_id",),
            columns=bundles.COLUMNS,
            cutoff=SERVED,
            views={},
            online_rows={},
            counts=RowCounts(table.rows, table.rows, 0, 0, 1),
            retrieval=RetrievalReport(1, 0.1, 0.1, 0, 0),
            time_audit=TimeAudit(0, 0, (), 1, ()),
            contract=bundles.CONTRACT,
        )

    def probability(self, rows: pl.DataFrame) -> np.ndarray:
        return self.predictor.many({each.name: rows[each.name].to_numpy() for each in bundles.COLUMNS})

    def candidate(self) -> Candidate:
        self.objects.put(self.bundle.onnx, MODEL)
        held = self.learnt().filter(pl.col("_at") >= HOLDOUT)
        decided = confusion(held["_label"].to_numpy(), self.probability(held), threshold=self.bundle.threshold)
        metrics = Metrics(
            held.height, int(held["_label"].sum()), 0.8, 0.5, 0.4, 0.1, 0.5, 0.5, decided.f_beta(1.0), 0.6,
            decided.cost(false_negative=self.spec.costs.false_negative, false_positive=self.spec.costs.false_positive),
        )  # fmt: skip
        split = SplitReport(START, HOLDOUT, HOLDOUT, SERVED, 0.0, 7000, held.height, 0, (), 0, 0)
        alone = {"distance": 0.8, "carrier": 0.55, "origin_weather__latest_wind": 0.7}
        exact, again = Parity(100, 0.0, 0), Reproduction((), same_bytes=True, baseline_same_bytes=True)
        evaluation = Evaluation(
            self.bundle.content_id, "b" * 64, "f" * 64, metrics, metrics, (), split, exact, exact, again, alone, "",
        )  # fmt: skip
        return Candidate(self.bundle, self.bundle, evaluation, TimeAudit(0, 0, (), 1, ()))

    def reference(self) -> Reference:
        return reference_of(
            self.candidate(), self.features(), promise=self.promise, predictor=self.predictor, tables=self.tables,
            within=WITHIN,
        )  # fmt: skip

    def log(self, rows: pl.DataFrame, *, version: str = "v1", latency_us: int = 3000, status: int = 200) -> pa.Table:
        """What a server would have logged for some rows, answered by the model; ``_through`` is what views knew."""
        schema = request_schema(bundles.CONTRACT, bundles.COLUMNS)
        through = rows["_through"] if "_through" in rows.columns else rows["_at"] - USUALLY_BEHIND
        columns = {
            "request_id": pl.Series([f"R{number:08d}" for number in range(rows.height)]),
            "row": pl.Series([0] * rows.height),
            "rows": pl.Series([1] * rows.height),
            "arrival": rows["_at"],
            "at": rows["_at"],
            "scope": pl.Series(["live"] * rows.height),
            "status": pl.Series([status] * rows.height),
            "latency_us": pl.Series([latency_us] * rows.height),
            "version": pl.Series([version] * rows.height),
            "probability": pl.Series(self.probability(rows)),
            "key:flight_id": rows["flight_id"],
            **{f"feature:{each.name}": rows[each.name] for each in bundles.COLUMNS},
            f"view:{WEATHER}:known_through": through,
        }
        return pa.table(
            [
                pa.array(columns[each.name].to_list(), each.type)
                if each.name in columns
                else pa.nulls(rows.height, each.type)
                for each in schema
            ],
            schema=schema,
        )

    def logged(self, rows: pl.DataFrame, *, outcomes: pl.DataFrame | None = None, **changes: Any) -> Logged:
        """The log of some rows with their outcomes, looked at long after."""
        given = Logged(
            scope="live",
            version="v1",
            requests=[self.log(rows)],
            outcomes=(rows if outcomes is None else outcomes).to_arrow(),
            key=("flight_id",),
            matures=parse_duration("1d"),
            until=datetime(2024, 9, 10, tzinfo=UTC),
        )
        return replace(given, **changes)

    def observe(self, logged: Logged, *, progress: Any = None) -> Any:
        """Run the stage."""
        return run(
            self.candidate(),
            self.features(),
            logged,
            promise=self.promise,
            tables=self.tables,
            objects=self.objects,
            progress=progress or Silence(),
            within=WITHIN,
        )


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def reference(world) -> Reference:
    return world.reference()


@pytest.fixture(scope="session")
def quiet_rows() -> pl.DataFrame:
    """Two months in which nothing but the weather changes."""
    return rows_of(SERVED, 62, seed=5)


@pytest.fixture(scope="session")
def quiet(world, quiet_rows):
    """The report on them."""
    return world.observe(world.logged(quiet_rows))

"""A small world to train in: eighty days of flights, late by the wind in a way that no straight line follows."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.openmp import wait_passively
from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.feature_set import FeatureColumn, FeatureSet, RetrievalReport, RowCounts, TimeAudit
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.serving_contract import Field, ServingContract
from sluiceway.core.verdict import NO_OVERRIDES, Verdict
from sluiceway.declare.encoding import encode
from sluiceway.declare.files import files
from sluiceway.declare.pipeline import Label, Pipeline, Search, Split
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.declare.spec import Acceptance, Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.ports.progress import Silence

wait_passively()

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2025, 1, 1, tzinfo=UTC)
ROWS = 3000


def rows_of(seed: int = 0, rows: int = ROWS) -> pl.DataFrame:
    """Rows in time order; the label is known an hour later."""
    chance = np.random.default_rng(seed)
    wind = chance.gamma(2.0, 5.0, rows)
    carrier = chance.integers(0, 4, rows)
    delay = chance.normal(0, 1, rows)
    score = 2.5 * np.sin(wind / 2.5) + 0.8 * delay + np.array([-1.5, 0.0, 0.5, 1.0])[carrier] - 0.5
    late = score + chance.logistic(size=rows) > 0
    at = [START + timedelta(minutes=int(m)) for m in np.sort(chance.integers(0, 80 * 1440, rows))]
    return pl.DataFrame(
        {
            "flight": [f"F{number}" for number in range(rows)],
            "carrier": [None if number % 97 == 0 else f"C{kind}" for number, kind in enumerate(carrier)],
            "tail": [f"N{number}" for number in chance.integers(0, 300, rows)],
            "wind": [None if number % 31 == 0 else value for number, value in enumerate(wind)],
            "delay": delay,
            "_at": at,
            "_label": late.astype(np.int64),
            "_label_known_time": [moment + timedelta(hours=1) for moment in at],
        },
        schema_overrides={"_at": pl.Datetime("us", "UTC"), "_label_known_time": pl.Datetime("us", "UTC")},
    )


def model(trial: Any) -> Any:
    from lightgbm import LGBMClassifier
    from sklearn.pipeline import make_pipeline

    leaves = trial.suggest_int("num_leaves", 7, 15)
    return make_pipeline(encode(), LGBMClassifier(n_estimators=25, num_leaves=leaves))


def spec_of(**limits: Any) -> Spec:
    return Spec(
        ProblemStatement("late", "Will it be late?", "ops"),
        Target("binary", "late", 1),
        ("carrier", "wind"),
        Costs("USD", 180.0, 30.0),
        Metric("f_beta"),
        ServiceLevel(50.0, 0.999),
        Acceptance(**{"slices": ("carrier",), "minimum_slice_rows": 60, "minimum_slice_positives": 20, **limits}),
    )


@dataclass
class World:
    rows: pl.DataFrame = field(default_factory=rows_of)
    model: Callable[[Any], Any] = model
    baseline: Callable[[], Any] | None = None
    search: Search = field(default_factory=lambda: Search(trials=2, rows=1500, folds=2))
    split: Split = field(default_factory=lambda: Split(holdout="20d"))
    spec: Spec = field(default_factory=spec_of)
    audit: TimeAudit = field(default_factory=lambda: TimeAudit(0, 0, (), 10, ()))
    tables: MemoryTables = field(default_factory=MemoryTables)
    objects: ObstoreObjects = field(default_factory=ObstoreObjects.memory)
    threads: int = 2

    @property
    def pipeline(self) -> Pipeline:
        each = Source("schedule", files("a.csv"), key="flight", event_time="at")
        landed = Source("landings", files("b.csv"), key="flight", event_time="at")
        label = Label("late", landed, "delay > 30", each=each, at="at", matures="12h")
        return Pipeline("spec.yaml", [], label, self.model, self.search, self.split, self.baseline)

    @property
    def promise(self) -> Promise:
        return Promise(self.spec, ())

    @property
    def features(self) -> FeatureSet:
        hidden = {"flight", "_at", "_label", "_label_known_time"}
        columns = tuple(
            FeatureColumn(name, "text" if kind == pl.String else "number", "view")
            for name, kind in self.rows.schema.items()
            if name not in hidden
        )
        count = len(self.rows)
        return FeatureSet(
            "dataset",
            self.tables.write("features/late", self.rows.to_arrow()),
            ("flight",),
            columns,
            START + timedelta(days=81),
            {"weather": "digest"},
            {},
            RowCounts(count, count, 0, 0, int(self.rows["_label"].sum())),
            RetrievalReport(1, 1.0, 1.0, 0, 0),
            self.audit,
            ServingContract((), (Field("flight", "text"),), (), ()),
        )

    @property
    def ports(self) -> dict[str, Any]:
        return {
            "project": Project(self.pipeline, {}, "", "code"),
            "promise": self.promise,
            "tables": self.tables,
            "objects": self.objects,
            "progress": Silence(),
            "seed": 0,
            "threads": self.threads,
        }

    def train(self) -> ModelBundle:
        from sluiceway.train.run import run

        return run(self.features, **self.ports)

    def train_baseline(self) -> ModelBundle:
        from sluiceway.train.baseline import run

        return run(self.features, **self.ports)

    def evaluate(self, bundle: ModelBundle | None = None, baseline: ModelBundle | None = None) -> Candidate:
        from sluiceway.train.evaluate import run

        return run(bundle or self.train(), baseline or self.train_baseline(), self.features, **self.ports)

    def judge(self, candidate: Candidate | None = None) -> Verdict:
        from sluiceway.train.gate import gate

        return gate(candidate or self.evaluate(), self.promise, NO_OVERRIDES, NOW)


@pytest.fixture(scope="session")
def world() -> Callable[..., World]:
    """Make a world, with any of its parts replaced."""
    return World


@pytest.fixture(scope="session")
def rows() -> Callable[..., pl.DataFrame]:
    return rows_of


@pytest.fixture(scope="session")
def limits() -> Callable[..., Spec]:
    return spec_of


@pytest.fixture(scope="session")
def honest() -> tuple[World, Candidate]:
    """A world and its candidate as it should be; never changed, only copied."""
    made = World()
    return made, made.evaluate()


@pytest.fixture
def planted(honest: tuple[World, Candidate]) -> Callable[..., Verdict]:
    """Judge the honest candidate with parts of its evidence replaced."""

    def judge(**evidence: Any) -> Verdict:
        made, candidate = honest
        own = {name: evidence.pop(name) for name in ("bundle", "baseline", "time_audit") if name in evidence}
        changed = replace(candidate, evaluation=replace(candidate.evaluation, **evidence), **own)
        return made.judge(changed)

    return judge

"""A small river: two stages whose artifacts are numbers, with gates that a test can shut and work that it can count."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.promise import Promise
from sluiceway.core.digest import digest_of
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import Criterion, Verdict
from sluiceway.declare.spec import Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.node import Job, Node
from sluiceway.flow.runner import Runner, RunReport
from sluiceway.flow.stages import stage_named
from sluiceway.flow.watch import NobodyWatches
from sluiceway.ledger.chain import Ledger

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SPEC = Spec(
    ProblemStatement("late", "Late?", "ops"),
    Target("binary", "late", 1),
    ("origin",),
    Costs("USD", 180, 30),
    Metric("f_beta"),
    ServiceLevel(50, 0.999),
)


@dataclass(frozen=True, slots=True)
class Number:
    """An artifact: what it holds, and evidence that must be fresh."""

    value: float
    fresh: float = 0.0

    @property
    def content_id(self) -> str:
        return digest_of(["number", self.value])


@dataclass(slots=True)
class Reader:
    """A declaration that a test edits."""

    edition: str = "one"
    loads: int = 0

    def fingerprint(self) -> str:
        return digest_of(self.edition)

    def load(self):
        self.loads += 1
        return replace_project(self.edition)


def replace_project(edition: str):
    from sluiceway.declare.pipeline import Label, Pipeline
    from sluiceway.declare.project import Project
    from sluiceway.declare.source import Source

    each = Source("each", sql="select 1 as id, now() as at", key="id", event_time="at")
    label = Label("late", each, "id > 0", each, "at", "1h")
    pipeline = Pipeline("spec.yaml", [], label, model=lambda trial: trial)
    spec = f"""
problem: {{name: late, statement: "{edition}?", owner: ops}}
target: {{kind: binary, label: late, positive: 1}}
inputs: [id]
costs: {{currency: USD, false_negative: 180, false_positive: 30}}
metric: {{name: f_beta, beta: auto}}
sla: {{latency_p99_ms: 50, success_rate: 0.999}}
"""
    return Project(pipeline, {"each": each}, spec, edition)


@dataclass(slots=True)
class River:
    """The runner with its dials: limits of each gate, fresh evidence, and counts of the work done."""

    kit: Kit
    clock: FixedClock
    reader: Reader
    graph: list[Node] = field(default_factory=list)
    shut: set[str] = field(default_factory=set)
    worked: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    fresh: float = 0.0
    offset: float = 0.0
    lost: set[str] = field(default_factory=set)

    def run(self, **options) -> RunReport:
        return Runner(self.kit, Settings(), NobodyWatches(), graph=self.graph).run(**options)

    def gate(self, name: str):
        def judge(artifact, promise, overrides, now) -> Verdict:
            limit = -1.0 if name in self.shut else 10.0
            criteria = [Criterion.at_most(f"{name} value", measured=artifact.value, limit=limit)]
            criteria += [Criterion.at_most(f"{name} fresh", measured=artifact.fresh, limit=0.5)]
            return Verdict.of(criteria, overrides, now, subject=artifact.content_id)

        return judge

    def node(self, name: str, stage: str, *needs: str, gated: bool = True, **options) -> Node:
        def work(job: Job) -> Number:
            self.worked.append(name)
            return Number(1.0 + self.offset * (not needs) + sum(job.needs(need, Number).value for need in needs))

        return Node(
            name,
            stage_named(stage),
            1,
            Number,
            needs,
            "sources",
            work,
            present=lambda kit, made: name not in self.lost,
            gate=self.gate(name) if gated else None,
            **options,
        )


def promise_node() -> Node:
    promise = Promise(SPEC, ())
    return Node(
        "spec",
        stage_named("spec"),
        1,
        Promise,
        (),
        "promise",
        run=lambda job: promise,
        present=lambda kit, made: True,
        gate=lambda made, promise, overrides, now: Verdict.of(
            [Criterion.at_least("owner", measured=1, limit=1)], overrides, now
        ),
    )


@contextmanager
def a_scratch() -> Iterator[ObstoreObjects]:
    yield ObstoreObjects.memory()


@pytest.fixture
def river() -> River:
    clock, reader = FixedClock(NOW), Reader()
    ledger = Ledger(MemoryState(), clock)
    objects = ObstoreObjects.memory()
    nothing: dict = dict.fromkeys(("tables", "online", "engine", "tracker", "rehearse", "requests", "alerter"))
    kit = Kit(reader=reader, files=objects, objects=objects, scratch=a_scratch, ledger=ledger, clock=clock, **nothing)
    made = River(kit, clock, reader)
    made.graph = [
        promise_node(),
        made.node(
            "ingest",
            "ingest",
            inspect=lambda kit, artifact: replace(artifact, fresh=made.fresh),
            page=lambda kit, artifact, verdict, promise: f"pages/ingest-{verdict.outcome.value}",
        ),
        made.node("left", "validate", "ingest", gated=False),
        made.node("right", "validate", "ingest", gated=False),
        made.node(
            "both",
            "validate",
            "left",
            "right",
            publish=lambda kit, artifact, promise: made.published.append(artifact.content_id) or {"version": 1},
        ),
    ]
    return made

"""A project behind gate 6: two registered models on the shelf, flights with outcomes, and a server's log to judge by.

::

    project = a_live_project()
    project.ask(2_000)
"""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from tests import bundles
from tests.served_canaries import BEGAN, PROMISE, TRUTH, Asked, flown

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.in_process_endpoint import InProcess
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.adapters.memory_state import MemoryState
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.artifacts.evaluation import Evaluation, Metrics, Parity, Reproduction, SplitReport
from sluiceway.artifacts.feature_set import TimeAudit
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import LIVE, RolloutState
from sluiceway.core.moments import Clock, FixedClock
from sluiceway.core.verdict import Criterion, Verdict
from sluiceway.declare.project import Project
from sluiceway.flow.cache import keep
from sluiceway.flow.graph import GRAPH
from sluiceway.flow.kit import Kit, Settings
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.running import record_published
from sluiceway.ledger.standing import Standing, record_verdict
from sluiceway.plans.moments_sql import microseconds, moment_of
from sluiceway.ports.endpoint import Question
from sluiceway.ports.request_log import RequestLog
from sluiceway.server.app import serving_app, wall_clock_us
from sluiceway.server.board import Board
from sluiceway.server.options import ServingOptions

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SHIFT = microseconds(NOW) - microseconds(BEGAN)
MODEL = bundles.logistic(**TRUTH)
SCORES = Metrics(1000, 157, 0.8, 0.4, 0.38, 0.12, 0.3, 0.7, 0.42, 0.6, 16.25)
SCHEDULE = sw.Source("schedule", sql="unused", key="flight_id", event_time="departs", known_time="told")
LANDINGS = sw.Source("landings", sql="unused", key="flight_id", event_time="lands")
PIPELINE = sw.Pipeline(
    spec="spec.yaml",
    views=[],
    label=sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="12h"),
    model=lambda trial: None,
)
OPEN, SHUT = (Verdict((Criterion.at_most("cost", measured=cost, limit=1.0),)) for cost in (0.5, 2.0))


@dataclass
class LiveProject:
    """The kit, and a service that answers by the live board with its clock."""

    kit: Kit
    clock: Clock
    log: RequestLog
    flights: list[Asked]
    project: Project
    asked: int = 0
    endpoint: InProcess | None = None
    arrival_us: int = 0

    def register(
        self,
        version: int,
        model: bytes,
        *,
        gate: Verdict = OPEN,
        rehearsal: Verdict | None = OPEN,
        spec: str | None = None,
        **bundle: Any,
    ) -> str:
        """Make a candidate known: its evidence, its registration, gate 5's verdict and the rehearsal's."""
        candidate = self._candidate(version, model, **bundle)
        node = next(node for node in GRAPH if node.name == "evaluate")
        keep(node, f"recipe-{version}", candidate, parents={}, kit=self.kit, settings=Settings())
        told = {"model": "late", "version": version}
        record_published(self.kit.ledger, "evaluate", candidate.content_id, told, as_of=None)
        self.judged(5, "train", candidate.content_id, {}, gate)
        if rehearsal is not None:
            above = {"train": candidate.content_id, **({} if spec is None else {"spec": spec})}
            self.judged(6, "deploy", f"canary-{version}", above, rehearsal, scope="rehearsal")
        return candidate.content_id

    def judged(self, gate: int, stage: str, artifact: str, above: dict, verdict: Verdict, scope: str | None = None):
        record_verdict(self.kit.ledger, Standing(gate, stage, artifact, above, verdict, scope, 0), as_of=None)

    def _candidate(self, version: int, model: bytes, **bundle: Any) -> Candidate:
        wrapped = bundles.made(model, threshold=0.5 - version / 1_000, **bundle)
        baseline = bundles.made(bundles.logistic(**TRUTH), role="baseline", **bundle)
        for each, data in ((wrapped, model), (baseline, bundles.logistic(**TRUTH))):
            self.kit.objects.put(each.onnx, data)
        split = SplitReport(BEGAN, BEGAN, BEGAN, BEGAN, 0, 1, 1, 0, (), 0, 0)
        same, repeats = Parity(1, 0.0, 0), Reproduction((), same_bytes=True, baseline_same_bytes=True)
        evaluation = Evaluation(
            wrapped.content_id, baseline.content_id, "f", SCORES, SCORES, (), split, same, same, repeats, {}, ""
        )
        return Candidate(wrapped, baseline, evaluation, TimeAudit(0, 0, (), 0, ()))

    def _wall_us(self) -> int:
        """When a request arrives: when its flight departs, or by the machine's clock where the project goes by it."""
        return self.arrival_us if isinstance(self.clock, FixedClock) else wall_clock_us()

    @property
    def board(self) -> Board:
        return Board(self.kit.objects, LIVE)

    def ask(self, many: int) -> None:
        """Ask the next so many flights, each when it departs, and let the clock go on."""
        if self.endpoint is None:
            app = serving_app(self.kit.objects, MemoryOnline(), self.log, ServingOptions(), wall_us=self._wall_us)
            self.endpoint = InProcess(app, look=app.watch.look)
        state: RolloutState | None = self.board.read()
        assert state is not None
        self.endpoint.settle(state.sequence)
        due = self.flights[self.asked : self.asked + many]
        self.asked += many
        for each in due:
            self.arrival_us = each.question.at
            self.endpoint.ask([each.question])
        if isinstance(self.clock, FixedClock):
            after = self.flights[self.asked :] or due[-1:]
            self.clock.moment = moment_of(after[0].question.at)


def a_live_project(*, promise: Promise = PROMISE, model: bytes = MODEL, **traffic: Any) -> LiveProject:
    """A project in memory, whose first version is registered, rehearsed, and not yet served."""
    clock, log, objects = FixedClock(NOW), MemoryRequests(), ObstoreObjects.memory()
    nothing: dict[str, Any] = dict.fromkeys(("reader", "online", "tracker", "rehearse", "alerter"))
    kit = Kit(
        files=objects, objects=objects, scratch=nowhere, tables=MemoryTables(), engine=DuckdbEngine(threads=1),
        ledger=Ledger(MemoryState(), clock), clock=clock, requests=log, **nothing,
    )  # fmt: skip
    flights = [shifted(each, SHIFT) for each in flown(**traffic)]
    furnish(kit, flights, promise)
    made = LiveProject(kit, clock, log, flights, Project(PIPELINE, {}, "", ""))
    made.register(1, model)
    return made


def promised(kit: Kit, promise: Promise) -> str:
    """Make a promise, as stage 1 would have; return its content id."""
    node = next(node for node in GRAPH if node.name == "spec")
    keep(node, f"recipe-{promise.content_id}", promise, parents={}, kit=kit, settings=Settings())
    return promise.content_id


def furnish(kit: Kit, flights: list[Asked], promise: Promise) -> None:
    """Make the promise and the dataset, as earlier stages would have."""
    refs = tuple(kit.tables.write(f"sources/{name}", table) for name, table in sources(flights).items())
    dataset = DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ()))
    for name, artifact in (("spec", promise), ("ingest", dataset)):
        node = next(node for node in GRAPH if node.name == name)
        keep(node, f"recipe-{name}", artifact, parents={}, kit=kit, settings=Settings())


def shifted(asked: Asked, by_us: int) -> Asked:
    """The same flight at another time."""
    return replace(asked, question=Question(asked.question.at + by_us, asked.question.body))


def sources(flights: list[Asked]) -> dict[str, pa.Table]:
    """The schedule, known long before, and the landings, known an hour after each departure."""
    ids, time = [each.flight_id for each in flights], pa.timestamp("us", "UTC")
    departs = pa.array([each.question.at for each in flights], time)
    lands = pa.array([each.question.at + 3_600_000_000 for each in flights], time)
    told = pa.array([each.question.at - 10**13 for each in flights], time)
    delays = pa.array([60 * each.late for each in flights], pa.int64())
    return {
        "schedule": pa.table(
            {"flight_id": ids, "departs": departs, "told": told, "_event_time": departs, "_known_time": told}
        ),
        "landings": pa.table(
            {"flight_id": ids, "delay": delays, "lands": lands, "_event_time": lands, "_known_time": lands}
        ),
    }


@contextmanager
def nowhere():
    """No scratch is needed."""
    yield ObstoreObjects.memory()

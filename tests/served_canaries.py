"""A canary on the real service, in this process: real bundles on a real shelf, asked through the endpoint's port.

::

    scene = a_served_scene(bundles.flipped(**TRUTH))
    report = scene.rehearse()
"""

import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from tests import bundles

from sluiceway.adapters.in_process_endpoint import InProcess
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.adapters.memory_state import MemoryState
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import REHEARSAL, Served
from sluiceway.core.moments import FixedClock
from sluiceway.declare.spec import Costs, Metric, ProblemStatement, Rollout, ServiceLevel, Spec, Target
from sluiceway.deploy.canary import Canary
from sluiceway.deploy.outcomes import Outcomes
from sluiceway.deploy.quality import Rival
from sluiceway.deploy.rehearse import Control, rehearse
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.rolling import Transition, record_transition, transitions
from sluiceway.online.predictor import Predictor
from sluiceway.plans.moments_sql import microseconds
from sluiceway.ports.endpoint import Answer, Question
from sluiceway.server.app import serving_app
from sluiceway.server.board import Board
from sluiceway.server.options import ServingOptions
from sluiceway.server.shelf import take

BEGAN = datetime(2013, 9, 1, tzinfo=UTC)
TRUTH = {"slope": 0.004, "intercept": -4.0}
PROMISE = Promise(
    Spec(
        ProblemStatement("late", "Late?", "ops"),
        Target("binary", "late", 1),
        ("carrier", "origin", "distance"),
        Costs("USD", 180, 30),
        Metric("f_beta"),
        ServiceLevel(2_000, 0.999),  # a machine that is busy with other tests is slow now and then
        rollout=Rollout(canary=0.2, ramp=(0.6, 1.0), hold="24h", by=("carrier",)),
    ),
    (),
)


@dataclass(frozen=True)
class Asked:
    """A flight: the question about it, and what came of it."""

    question: Question
    flight_id: str
    late: int


def flown(days: int = 5, *, a_day: int = 1_000, seed: int = 5) -> list[Asked]:
    """Flights evenly over some days, of 400 carriers; the longer, the later."""
    draw, made = random.Random(seed), []
    for number in range(days * a_day):
        distance = draw.uniform(0, 1_000)
        chance = 1 / (1 + math.exp(-TRUTH["slope"] * distance - TRUTH["intercept"]))
        at = microseconds(BEGAN) + number * 86_400_000_000 // a_day
        body = bundles.row(carrier=f"C{draw.randrange(400)}", distance=distance, flight_id=f"F{number}")
        made.append(Asked(Question(at, json.dumps(body).encode()), f"F{number}", int(draw.random() < chance)))
    return made


@dataclass
class ServedScene:
    """A rehearsal ready to go, with its ledger."""

    canary: Canary
    endpoint: InProcess
    board: Board
    log: MemoryRequests
    ledger: Ledger
    flights: list[Asked]
    answers: list[Answer]
    kept: list[CanaryReport] = field(default_factory=list)

    def rehearse(self) -> CanaryReport:
        def record(change: Transition) -> None:
            record_transition(self.ledger, change, as_of=change.state.since)

        control = Control(record, self.board, self.endpoint, self.kept.append)
        return rehearse(self.canary, self.checkpoints(), began=BEGAN, log=self.log, control=control)

    def checkpoints(self) -> Iterator[datetime]:
        half_a_day = timedelta(hours=12)
        moment, waiting = BEGAN, list(self.flights)
        while waiting:
            moment += half_a_day
            due = [each for each in waiting if each.question.at < microseconds(moment)]
            self.answers += self.endpoint.ask([each.question for each in due])
            waiting = waiting[len(due) :]
            yield moment

    @property
    def changes(self) -> list[Transition]:
        return list(transitions(self.ledger, REHEARSAL))


def a_served_scene(challenger: bytes, *, champion: bytes | None = None, promise: Promise = PROMISE) -> ServedScene:
    """Put both models on a shelf, and a service before them."""
    objects, log = ObstoreObjects.memory(), MemoryRequests()
    first = bundles.shelved(objects, champion or bundles.logistic(**TRUTH), "v1")
    second = bundles.shelved(objects, challenger, "v2", threshold=0.49)
    app = serving_app(objects, MemoryOnline(), log, ServingOptions(scope=REHEARSAL))
    flights = flown()
    canary = Canary("d" * 64, _rival(first, objects), _rival(second, objects), _outcomes(flights), promise)
    ledger = Ledger(MemoryState(), FixedClock(BEGAN))
    return ServedScene(canary, InProcess(app, look=app.watch.look), Board(objects, REHEARSAL), log, ledger, flights, [])


def _rival(served: Served, objects: ObstoreObjects) -> Rival:
    bundle, onnx = take(served, objects)
    return Rival(served, bundle, Predictor(bundle, onnx).many)


def _outcomes(flights: Sequence[Asked]) -> Outcomes:
    moment = pa.timestamp("us", "UTC")
    at = [each.question.at for each in flights]
    table = pa.table(
        {
            "flight_id": [each.flight_id for each in flights],
            "_at": pa.array(at, moment),
            "_label": pa.array([each.late for each in flights], pa.int64()),
            "_label_known_time": pa.array([each + 3_600_000_000 for each in at], moment),
        }
    )
    return Outcomes(table, ("flight_id",), timedelta(hours=12))


def lenient(success_rate: float) -> Promise:
    """The promise with another success rate."""
    spec = PROMISE.spec
    return Promise(replace(spec, sla=replace(spec.sla, success_rate=success_rate)), ())

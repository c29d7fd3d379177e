"""A canary to be: an airline's flights over some days, models that behave or misbehave, and a server made of both."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.request_record import CHALLENGER, CHAMPION, RequestRecord
from sluiceway.artifacts.rollout_state import RolloutState, Served
from sluiceway.artifacts.serving_contract import Field, ServingContract
from sluiceway.core.moments import FixedClock
from sluiceway.declare.spec import Costs, Metric, ProblemStatement, Rollout, ServiceLevel, Spec, Target
from sluiceway.deploy.canary import Canary
from sluiceway.deploy.outcomes import Outcomes
from sluiceway.deploy.quality import Rival
from sluiceway.ledger.chain import Ledger
from sluiceway.plans.moments_sql import microseconds
from sluiceway.server.arms import share_of
from sluiceway.server.board import Board

BEGAN = datetime(2013, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONTRACT = ServingContract((Field("tailnum", "text"), Field("wind", "number")), (Field("flight", "integer"),), (), ())
COLUMNS = (FeatureColumn("wind", "number", "input"), FeatureColumn("tailnum", "text", "input"))
SPEC = Spec(
    ProblemStatement("late", "Late?", "ops"),
    Target("binary", "late", 1),
    ("tailnum", "wind"),
    Costs("USD", 180, 30),
    Metric("f_beta"),
    ServiceLevel(50, 0.999),
    rollout=Rollout(hold="24h", by=("tailnum",)),
)
PROMISE = Promise(SPEC, ())


def honest(wind: float) -> float:
    """The probability by which outcomes are drawn."""
    return 1 / (1 + math.exp(1.5 - wind))


def a_bundle(name: str, **changes: Any) -> ModelBundle:
    """A bundle whose model is not looked at."""
    made = ModelBundle(
        name, "model", f"models/{name}.onnx", name.ljust(64, "0"), 1, COLUMNS, 1 / 7, {}, {}, (), "fs", "ds", 100, 0,
        CONTRACT,
    )  # fmt: skip
    return replace(made, **changes)


def a_rival(version: str, probability: Callable[[float], float] = honest, **changes: Any) -> Rival:
    """A version with its model."""
    bundle = a_bundle(version, **changes)
    served = Served(version, bundle.role, bundle.content_id, f"bundles/{bundle.content_id}.json", "0" * 64)

    def score(columns):
        return np.array([probability(float(wind)) for wind in columns["wind"]], dtype=float)

    return Rival(served, bundle, score)


@dataclass(frozen=True)
class Flight:
    """A request with what came of it."""

    number: int
    at: datetime
    tailnum: str
    wind: float
    late: int


def flights(days: int = 12, *, a_day: int = 1_200, seed: int = 3) -> list[Flight]:
    """Flights evenly over some days, by 900 aircraft."""
    draw = random.Random(seed)
    made = []
    for number in range(days * a_day):
        wind = draw.gauss(0, 1)
        at = BEGAN + timedelta(days=number / a_day)
        made.append(Flight(number, at, f"N{draw.randrange(900)}", wind, int(draw.random() < honest(wind))))
    return made


def outcomes_of(flown: list[Flight], matures: timedelta = 12 * HOUR) -> Outcomes:
    """What came of flights, known three hours after each."""
    table = pa.table(
        {
            "flight": pa.array([each.number for each in flown], pa.int64()),
            "_at": pa.array([each.at for each in flown], pa.timestamp("us", "UTC")),
            "_label": pa.array([each.late for each in flown], pa.int64()),
            "_label_known_time": pa.array([each.at + 3 * HOUR for each in flown], pa.timestamp("us", "UTC")),
        }
    )
    return Outcomes(table, ("flight",), matures)


@dataclass
class MemoryLog:
    """A request log in memory."""

    chunks: list[bytes] = field(default_factory=list)

    def append(self, lines: bytes) -> None:
        self.chunks.append(lines)

    def read(self, after: str = "") -> Iterator[tuple[str, bytes]]:
        start = int(after or 0)
        if start < len(self.chunks):
            yield str(len(self.chunks)), b"".join(self.chunks[start:])


@dataclass
class Server:
    """A server that answers by the board: what it does to each arm is up to its two models."""

    board: Board
    log: MemoryLog
    champion: Rival
    challenger: Rival
    fails: Callable[[Flight], str] = lambda flight: ""
    latency_us: dict[str, int] = field(default_factory=lambda: {CHAMPION: 400, CHALLENGER: 420})
    state: RolloutState | None = None
    settled: list[int] = field(default_factory=list)

    def settle(self, sequence: int, *, wait_s: float = 20.0) -> None:
        self.state = self.board.read()
        assert self.state is not None
        assert self.state.sequence == sequence
        self.settled.append(sequence)

    def ask(self, asked: list[Flight]) -> None:
        """Answer flights, and log them."""
        self.log.append(b"".join(encode(self.record(flight)) + b"\n" for flight in asked))

    def record(self, flight: Flight) -> RequestRecord:
        state = self.state
        assert state is not None
        tried = state.challenger is not None and share_of([flight.tailnum], state.challenger.bundle) < state.share
        arm = CHALLENGER if tried else CHAMPION
        error = self.fails(flight) if tried else ""
        rivals = {each.served.version: each for each in (self.champion, self.challenger)}
        rival = self.challenger if tried and not error else rivals[state.champion.version]
        vector = {"wind": flight.wind, "tailnum": flight.tailnum}
        probability = float(rival.score({"wind": np.array([flight.wind])})[0])
        return RequestRecord(
            request_id=f"r{flight.number}",
            row=0,
            rows=1,
            arrival=microseconds(flight.at),
            at=microseconds(flight.at),
            scope="rehearsal",
            status=200,
            latency_us=self.latency_us[arm] + flight.number % 97,
            work_us=self.latency_us[arm] + flight.number % 97,
            arm=arm,
            version=rival.served.version,
            share=state.share,
            sequence=state.sequence,
            probability=probability,
            prediction=int(probability >= rival.bundle.threshold),
            fallback=bool(error),
            error=error,
            key={"flight": flight.number},
            inputs={"tailnum": flight.tailnum, "wind": flight.wind},
            features=vector,
        )


@dataclass
class Scene:
    """Everything a rehearsal takes, and what it leaves behind."""

    canary: Canary
    server: Server
    ledger: Ledger
    flown: list[Flight]
    kept: list[CanaryReport] = field(default_factory=list)

    def checkpoints(self, every: timedelta = 12 * HOUR) -> Iterator[datetime]:
        """Ask all flights up to each checkpoint, then stand there."""
        moment, place = BEGAN, 0
        while place < len(self.flown):
            moment += every
            due = place
            while due < len(self.flown) and self.flown[due].at < moment:
                due += 1
            self.server.ask(self.flown[place:due])
            place = due
            yield moment


def a_scene(
    challenger: Rival | None = None, *, champion: Rival | None = None, promise: Promise = PROMISE, **server: Any
) -> Scene:
    """A champion, a challenger, and twelve days of flights."""
    flown = flights()
    first, second = champion or a_rival("v1"), challenger or a_rival("v2", lambda wind: honest(wind) * 0.99)
    board, log = Board(ObstoreObjects.memory(), "rehearsal"), MemoryLog()
    canary = Canary("d" * 64, first, second, outcomes_of(flown), promise)
    ledger = Ledger(MemoryState(), FixedClock(BEGAN))
    return Scene(canary, Server(board, log, first, second, **server), ledger, flown)

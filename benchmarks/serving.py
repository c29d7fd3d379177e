"""One prediction over HTTP, a row a request: ours, a server without a model, and peers, one worker each.

    python benchmarks/serving.py [--seconds 1] [--rounds 3] [--only ours]

LightGBM with 30 numbers, 200 trees of 31 leaves. ``null`` has no model: on the HTTP server that ours stands on it
decodes a request and encodes an answer, by the interface that ours speaks; ``null, unread`` answers a constant to it
knows not what. Ours also gives each answer a request id, keeps metrics, and writes each request with its features to
the log; the peers do none of that. With lookup, a request names six entities, and six views of five features are read
from LMDB, where each has 100,000 entities; 20,000 different requests take turns.

All run at once and are asked in turn, so that what else the machine does slows all alike. Every figure is that of the
middle round, by requests a second. ``OMP_NUM_THREADS`` is 1 for all. CPU and memory count the server and all that it
started. Memory is proportional: what several share counts once, and so does what is mapped from files; ``of it own``
leaves out files, such as LMDB's, whose pages are the system's cache. Cold is from a server's second start to its
first prediction, so that all find their files in that cache. Every contender must first give, for 200 rows, what
LightGBM gives.
"""

import argparse
import contextlib
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import serving_ours
import serving_peers
from measured import table
from serving_load import Load, Target, has_wrk, load
from serving_model import NAMES, Trained, train
from serving_process import HOST, NotServingError, Server, Service, busy_s

HERE = Path(__file__).resolve().parent
ONE, MANY = 1, 32
NEAR = 1e-5
WARM_UP_S = 1.0
NULL, UNREAD = "null", "null, unread"
NO_WRK = (
    "Asked by the benchmark's own generator, as there is no wrk here (Debian, Ubuntu: apt-get install wrk); it takes "
    "more of the machine than wrk, so that fast servers look slower."
)
HEADINGS = (
    "",
    "req/s, 1",
    "p50 ms",
    "p99 ms",
    "req/s, 32",
    "p50 ms",
    "p99 ms",
    "CPU us",
    "of null",
    "cold s",
    "MiB",
    "of it own",
)


@dataclass
class Contender:
    """A running server, and what each turn found: the load by number of connections, CPU of each request."""

    server: Server
    loads: dict[int, list[Load]] = field(default_factory=dict)
    cpu_us: list[float] = field(default_factory=list)
    memory_mib: float = 0.0
    own_mib: float = 0.0

    def turn(self, connections: int, seconds: float, *, by_wrk: bool) -> None:
        """Put load on it once."""
        service, before = self.server.service, self.server.cpu_s()
        target = Target(self.server.port, service.path, service.questions.bodies)
        done = load(target, connections=connections, seconds=seconds, by_wrk=by_wrk)
        if done.errors or not done.requests:
            raise NotServingError(f"{service.name}: {done.errors} of {done.requests} requests failed under load")
        self.loads.setdefault(connections, []).append(done)
        if connections == MANY:
            self.cpu_us.append((self.server.cpu_s() - before) / done.requests * 1e6)
        memory_mib, own_mib = self.server.memory_mib()
        self.memory_mib, self.own_mib = max(self.memory_mib, memory_mib), max(self.own_mib, own_mib)

    def middle(self, connections: int) -> Load:
        """The middle turn by its requests."""
        return sorted(self.loads[connections], key=lambda each: each.per_second)[len(self.loads[connections]) // 2]

    def middle_cpu_us(self) -> float:
        """CPU of a request with many connections, in the middle turn."""
        return median(self.cpu_us)


class OtherWork:
    """What the machine does besides, from now on: it takes from all, and most from who is quickest."""

    def __init__(self, contenders: dict[str, Contender]) -> None:
        self._contenders = contenders
        self._begun = time.perf_counter()
        self._before_s = self._besides_s()

    def _besides_s(self) -> float:
        ours = sum(os.times()[:4]) + sum(each.server.cpu_s() for each in self._contenders.values())
        return busy_s() - ours

    def share(self) -> str:
        """Say it in words."""
        there_s = (time.perf_counter() - self._begun) * (os.cpu_count() or 1)
        share = max(0.0, self._besides_s() - self._before_s) / there_s
        return f"Meanwhile other work took {share:.0%} of the machine's cores."


def main() -> None:
    """Measure all, and print two tables; exit 1 when one that should be measured does not serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("ours",), help="leave out the peers")
    given = parser.parse_args()
    if not Path("/proc/self/stat").is_file():
        print("Not measured: CPU and memory of servers are read from `/proc`, which only Linux has.")
        return
    by_wrk = has_wrk()
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as running:
        try:
            contenders, notes = start(makers(train(), Path(place), peers=not given.only), Path(place), running)
            for contender in contenders.values():
                contender.turn(8, WARM_UP_S, by_wrk=by_wrk)
            others = OtherWork(contenders)
            for _ in range(given.rounds):
                for connections in (ONE, MANY):
                    for contender in contenders.values():
                        contender.turn(connections, given.seconds, by_wrk=by_wrk)
            notes.append(others.share())
        except NotServingError as error:
            sys.exit(str(error))
    notes += [] if by_wrk else [NO_WRK]
    print("\n\n".join((figures(contenders), *aims(contenders), *notes)))


def makers(trained: Trained, place: Path, *, peers: bool) -> dict[str, Callable[[], list[Service]]]:
    """What makes each contender's service, or services."""
    ours: dict[str, Callable[[], list[Service]]] = {
        NULL: lambda: [null(trained, NULL, "reading"), null(trained, UNREAD, "unread")],
        "ours": lambda: [
            serving_ours.direct(trained, place / "direct"),
            serving_ours.with_lookup(trained, place / "lookup"),
        ],
    }
    theirs: dict[str, Callable[[], list[Service]]] = {
        "BentoML": lambda: serving_peers.bentoml(trained, place),
        "MLflow": lambda: serving_peers.mlflow(trained, place),
    }
    return ours | (theirs if peers else {})


def null(trained: Trained, name: str, app: str) -> Service:
    """A null server, asked what ours is asked."""
    granian = str(Path(sys.executable).with_name("granian"))
    options = ("--interface", "rsgi", "--workers", "1", "--loop", "uvloop", "--no-access-log", "--host", HOST)
    asked = trained.questions(lambda row: dict(zip(NAMES, row, strict=True)), lambda _: math.nan)
    return Service(name, (granian, *options, "--port", "{port}", f"serving_null:{app}"), "/", asked, HERE)


def start(
    made: dict[str, Callable[[], list[Service]]], place: Path, running: contextlib.ExitStack
) -> tuple[dict[str, Contender], list[str]]:
    """Start every contender and check its answers; say which peers could not be installed."""
    contenders, notes = {}, []
    for name, make in made.items():
        try:
            services = make()
        except serving_peers.NotInstalledError as error:
            notes.append(f"{name} is left out, as its environment could not be made: {error}")
            continue
        for service in services:
            Server(service, place / f"{len(contenders)}-first.log").stop()
            server = Server(service, place / f"{len(contenders)}.log")
            running.callback(server.stop)
            if service.name not in (NULL, UNREAD):
                server.check(NEAR)
            contenders[service.name] = Contender(server)
    return contenders, notes


def figures(contenders: dict[str, Contender]) -> str:
    """What was measured, a line for each."""
    rows = []
    for name, each in contenders.items():
        one, many = each.middle(ONE), each.middle(MANY)
        loads = (f"{load.per_second:,.0f}|{load.p50_ms:.2f}|{load.p99_ms:.2f}".split("|") for load in (one, many))
        left = (f"{each.middle_cpu_us():,.0f}", f"{of_null(contenders, name):.0%}", f"{each.server.cold_s:.2f}")
        memory = (f"{each.memory_mib:.0f}", f"{each.own_mib:.0f}")
        rows.append([name, *(cell for cells in loads for cell in cells), *left, *memory])
    return table(HEADINGS, rows)


def of_null(contenders: dict[str, Contender], name: str) -> float:
    """Requests a second at 32 connections, as a share of the null server's."""
    return contenders[name].middle(MANY).per_second / contenders[NULL].middle(MANY).per_second


def aims(contenders: dict[str, Contender]) -> list[str]:
    """What ours should reach, and whether it did."""
    rows = []
    for name, share in ((serving_ours.DIRECT, 0.5), (serving_ours.LOOKUP, 0.25)):
        each = contenders[name]
        found = (
            ("share of the null server's requests, at least", share, of_null(contenders, name), ".0%"),
            ("CPU us a request, at most", 100, each.middle_cpu_us(), ".0f"),
            ("p99 ms at 32 connections, at most", 15, each.middle(MANY).p99_ms, ".1f"),
            ("cold start s, at most", 3, each.server.cold_s, ".2f"),
            ("memory MiB of its own, at most", 200, each.own_mib, ".0f"),
        )
        for what, aim, measured, form in found:
            reached = measured >= aim if what.endswith("at least") else measured <= aim
            rows.append((name, what, format(aim, form), format(measured, form), "yes" if reached else "**no**"))
    return [table(("", "aim", "limit", "measured", "reached"), rows)]


if __name__ == "__main__":
    main()

"""A project that is served: small models on the shelf, a rollout, and the installed command in its own processes.

::

    with stand.serving("--workers", "2") as server:
        assert server.ask(row()).status == 200
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.bundles import WIND, logistic, row, shelved
from tests.served_load import PATIENCE_S, Caller, Load, Said

from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.request_folder import RequestFolder
from sluiceway.adapters.sqlite_state import SqliteState
from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.rollout_state import LIVE, RolloutState, Served
from sluiceway.core.moments import SystemClock
from sluiceway.deploy.rollout import FIRST, first
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.rolling import Transition, record_transition
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value
from sluiceway.plans.request_log import records_of
from sluiceway.server.board import Board


def quiet(**more: str) -> dict[str, str]:
    """The environment without what would steer the command."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SLUICEWAY_")} | more


def eventually(holds: Callable[[], Any]) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)
    return found


@dataclass
class Running:
    """A server that runs, as its callers and its operator see it."""

    stand: "Project"
    process: "subprocess.Popen[str]"
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.told: dict[str, Any] = json.loads("".join(iter(self.process.stdout.readline, "}\n")) + "}")
        assert "url" in self.told, self.told

    @property
    def port(self) -> int:
        return int(self.told["url"].rpartition(":")[2])

    def caller(self) -> Caller:
        """Open a connection of one's own."""
        return Caller(self.port, self.headers)

    def ask(self, body: object, path: str = "/predict") -> Said:
        """Ask over a new connection."""
        caller = self.caller()
        try:
            return caller.ask(body, path)
        finally:
            caller.close()

    def get(self, path: str) -> Said:
        """Read a page over a new connection."""
        caller = self.caller()
        try:
            return caller.get(path)
        finally:
            caller.close()

    def metric(self, name: str, labels: str = "") -> float:
        """Return the sum of a metric's samples; of those with a label alone where one is given: ``status="5xx"``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request("GET", "/metrics", headers=self.headers)
        text = connection.getresponse().read().decode()
        connection.close()
        samples = re.findall(rf"^{name}({{.*}})? (\S+)$", text, re.MULTILINE)
        return sum(float(value) for said, value in samples if labels in said)

    def kill_worker(self) -> int:
        """Kill a worker, wait until another stands in its place, and return the process that is gone."""
        before = self.workers()
        os.kill(before[0], signal.SIGKILL)
        eventually(lambda: len(self.workers()) == len(before) and before[0] not in self.workers())
        return before[0]

    def wait_until_ready(self) -> None:
        """Wait until a model answers."""
        eventually(lambda: self.get("/health/ready").status == 200)

    def workers(self) -> list[int]:
        """The processes that answer now."""
        pid = self.process.pid
        return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))

    def marks(self, count: int) -> set[str]:
        """The marks of so many workers, found by asking until each has answered."""
        seen: set[str] = set()
        eventually(lambda: seen.add(self.get("/health").worker) or len(seen) == count)
        return seen

    @contextmanager
    def under_load(self, callers: int = 10) -> Iterator[Load]:
        """Let callers ask one after another, without a pause, until the block ends."""
        load, over = Load(), Event()
        threads = [Thread(target=self._keep_asking, args=(number, load, over)) for number in range(callers)]
        for thread in threads:
            thread.start()
        try:
            yield load
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _keep_asking(self, number: int, load: Load, over: Event) -> None:
        caller, turn = self.caller(), 0
        while not over.is_set():
            turn += 1
            body = row(origin=f"O{(number + turn) % 40}", distance=float(turn % 900), flight_id=f"{number}-{turn}")
            asked = caller.worker
            try:
                load.answers.append(caller.ask(body))
            except (OSError, http.client.HTTPException) as error:
                load.broken.append((asked, type(error).__name__))
        caller.close()

    def stop(self) -> tuple[int, str]:
        """Stop in order; return the exit code and standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, err


class Project:
    """A project's folder, and the command that serves it."""

    COMMAND = (Path(sys.executable).with_name("sluiceway"), "serve", "--json")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / ".sluiceway"
        self.objects = ObstoreObjects.local(self.state / "objects")
        self.ledger = Ledger(SqliteState(self.state / "ledger.db"), SystemClock())

    def records(self) -> list[RequestRecord]:
        """Everything in the request log."""
        return [record for _, chunk in RequestFolder(self.state / "requests").read() for record in records_of(chunk)]

    def start(self, *words: str, environment: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start ``sluiceway serve`` on any free port."""
        port = () if "--port" in words else ("--port", "0")
        return subprocess.Popen(
            [*self.COMMAND, *port, *words],
            cwd=self.folder,
            env=environment or quiet(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def refused(self, *words: str, environment: dict[str, str] | None = None) -> tuple[int, str]:
        """Start where it cannot be; return the exit code and standard error."""
        process = self.start(*words, environment=environment)
        _, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, err

    @contextmanager
    def serving(self, *words: str, key: str | None = None, ready: bool = True) -> Iterator[Running]:
        """Serve for as long as the block lasts; it must end in order, and without a traceback."""
        process = self.start(*words, environment=quiet(SLUICEWAY_API_KEY=key) if key else None)
        with process:
            try:
                server = Running(self, process)
                if ready:
                    server.wait_until_ready()
                yield server
                code, err = server.stop() if process.poll() is None else (process.returncode, "")
                assert code == 0, err
                assert "Traceback" not in err, err
            finally:
                process.kill()


class Stand(Project):
    """A project with what serving needs, and nothing else; the first champion is ``v1``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.state.mkdir(parents=True)
        self.board = Board(self.objects, LIVE)
        self.online = LmdbOnline(self.state / "online")
        self.online.replace(WIND.digest, [], snapshot="of nobody")
        self.v1 = self.shelve(logistic(), "v1")
        self.rollout = self.show(FIRST, first(LIVE, self.v1, at=datetime.now(UTC)))

    def shelve(self, model: bytes, version: str) -> Served:
        """Put a model where servers find it."""
        return shelved(self.objects, model, version=version)

    def show(self, name: str, state: RolloutState) -> RolloutState:
        """Let a change of the rollout happen: on record, then on the board."""
        record_transition(self.ledger, Transition(name, state))
        self.board.show(state)
        self.rollout = state
        return state

    def know_wind(self, origin: str, wind: float) -> None:
        """Let the online store know an origin's wind."""
        moment = 1_378_000_000_000_000
        value = PackedValue(moment, moment, moment, moment, [wind])
        self.online.write(WIND.digest, [(pack_key((origin,)), pack_value(value))])

    def onnx_of(self, served: Served) -> Path:
        """The file with a version's model."""
        bundle = json.loads(self.objects.get(served.key))
        return self.state / "objects" / bundle["onnx"]

"""A server under measurement: started, asked until it predicts, watched with everything it started, and ended."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from serving_model import Questions

PATIENCE_S = 90.0
CHECKED = 200
BETWEEN_ASKS_S = 0.01
STOPPING_S = 8.0
HOST = "127.0.0.1"
# One thread for each server's mathematics, so that none gains from the cores that the load generator needs.
ALIKE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class NotServingError(RuntimeError):
    """A server ended, or gave no prediction in time; the message ends with the last that it wrote."""


@dataclass(frozen=True, slots=True)
class Service:
    """How a contender is started and asked.

    ``command`` has ``{port}`` where the port goes, and runs in ``folder``; requests go to ``path``.
    """

    name: str
    command: tuple[str, ...]
    path: str
    questions: Questions
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Server:
    """A running service. ``cold_s`` is from its start to the first answer with status 200."""

    def __init__(self, service: Service, log: Path) -> None:
        self.service = service
        self.port = free_port()
        self._log = log
        command = [part.replace("{port}", str(self.port)) for part in service.command]
        begun = time.perf_counter()
        with log.open("wb") as written:
            self._process = subprocess.Popen(
                command,
                cwd=service.folder,
                env={**os.environ, **ALIKE, **service.environment},
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._await_prediction(begun + PATIENCE_S)
        except BaseException:
            self.stop()
            raise
        self.cold_s = time.perf_counter() - begun

    def _await_prediction(self, deadline: float) -> None:
        said = "nothing"
        while time.perf_counter() < deadline and self._process.poll() is None:
            try:
                status, answer = self.ask(self.service.questions.bodies[0])
            except (OSError, http.client.HTTPException) as error:
                said = repr(error)
            else:
                if status in {http.client.OK, http.client.ACCEPTED}:
                    return
                said = f"{status} {answer[:200]!r}"
            time.sleep(BETWEEN_ASKS_S)
        ended = self._process.poll()
        state = f"no prediction in {PATIENCE_S:.0f} s" if ended is None else f"ended with exit code {ended}"
        last = self._log.read_text(encoding="utf-8", errors="replace")[-1500:].strip()
        raise NotServingError(f"{self.service.name}: {state}; last answer: {said}; it wrote:\n{last}")

    def ask(self, body: bytes) -> tuple[int, bytes]:
        """Post one body; return the status and the answer."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("POST", self.service.path, body, {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def check(self, within: float) -> None:
        """Ask the first two hundred once.

        Raises:
            NotServingError: an answer is not what the model gives.
        """
        asked = self.service.questions
        for body, expected in islice(zip(asked.bodies, asked.expected, strict=True), CHECKED):
            status, answer = self.ask(body)
            if status != http.client.OK or not abs(asked.probability(json.loads(answer)) - expected) <= within:
                raise NotServingError(f"{self.service.name}: expected {expected}, got {status} {answer[:300]!r}")

    def cpu_s(self) -> float:
        """CPU seconds so far, of the process and everything below it, ended children included."""
        ticks = sum(sum(map(int, fields[11:15])) for fields in tree(self._process.pid).values())
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> tuple[float, float]:
        """Proportional memory of the process and everything below it, whole and without what is mapped from files."""
        whole = own = 0
        for process in tree(self._process.pid):
            with contextlib.suppress(OSError):  # it ended meanwhile
                lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
                sizes = {words[0]: int(words[1]) for words in map(str.split, lines[1:])}
                whole += sizes["Pss:"]
                own += sizes["Pss_Anon:"]
        return whole / 1024, own / 1024

    def stop(self) -> None:
        """End it, and whatever it started that outlives it."""
        started = list(tree(self._process.pid))
        self._signal_group(signal.SIGTERM)
        try:
            self._process.wait(STOPPING_S)
        except subprocess.TimeoutExpired:
            self._signal_group(signal.SIGKILL)
            self._process.wait(STOPPING_S)
        self._signal_group(signal.SIGKILL)
        for each in started:  # one that left the group is still of the session
            with contextlib.suppress(ProcessLookupError):
                if os.getsid(each) == self._process.pid:
                    os.kill(each, signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def stats() -> dict[int, list[str]]:
    """The system's line on each process, by id, from the state field on (see ``man 5 proc``)."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:  # it ended meanwhile
                continue
            found[int(folder.name)] = line[line.rindex(")") + 2 :].split()
    return found


def busy_s() -> float:
    """CPU seconds that all of the machine's cores have worked since it was started."""
    first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    user, nice, system, _idle, _waiting, *interrupts = map(int, first.split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def tree(root: int) -> dict[int, list[str]]:
    """The lines of a process and of everything below it."""
    everything = stats()
    below: dict[int, list[int]] = {}
    for number, fields in everything.items():
        below.setdefault(int(fields[1]), []).append(number)
    found, waiting = {}, [root]
    while waiting:
        number = waiting.pop()
        if number in everything:
            found[number] = everything[number]
        waiting += below.get(number, [])
    return found

"""A project with one streamed source, workers as processes of the installed command, and what they must come to."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sluiceway.adapters.event_place import EventPlace
from sluiceway.adapters.online_place import OnlinePlace
from sluiceway.plans.packed_value import pack_key, unpack_value
from sluiceway.streaming import Streaming
from sluiceway.streams.partition_header import PartitionHeader

COMMAND = str(Path(sys.executable).with_name("sluiceway"))
PATIENCE_S = 60
SPEC = """problem:  {name: late, statement: "Late?", owner: ops}
target:   {kind: binary, label: late, positive: 1}
inputs:   [carrier]
costs:    {currency: USD, false_negative: 2, false_positive: 1}
metric:   {name: f_beta, beta: auto}
sla:      {latency_p99_ms: 500, success_rate: 0.99}
"""
PIPELINE = """import sluiceway as sw

landings = sw.Source("landings", sw.files("landings.csv"), event_time="landed_at",
                     stream=sw.topic("landings", lateness="10m", key="carrier", clock="events"))
flights = sw.Source("flights", sw.files("flights.csv"), key="flight", event_time="departs")
outcomes = sw.Source("outcomes", sw.files("outcomes.csv"), key="flight", event_time="landed_at")
delays = sw.FeatureView("delays", entity="carrier", source=landings, every="5m", features=[
    sw.count(over="1h"), sw.sum("delay", over="24h"), sw.max("delay", over="24h"), sw.latest("delay")])

def model(trial):
    raise NotImplementedError

pipeline = sw.Pipeline("spec.yaml", [delays], model=model,
    label=sw.Label("late", outcomes, "delay > 15", each=flights, at="departs", matures="1d"))
"""
FILES = {
    "spec.yaml": SPEC,
    "pipeline.py": PIPELINE,
    "landings.csv": "carrier,delay,landed_at\nC00,1,2024-01-01T00:00:00Z\nC01,2,2024-01-01T00:01:00Z\n",
    "flights.csv": "flight,carrier,departs\n1,C00,2024-01-01T00:00:00Z\n2,C01,2024-01-01T00:10:00Z\n",
    "outcomes.csv": "flight,delay,landed_at\n1,1,2024-01-01T02:00:00Z\n2,30,2024-01-01T02:00:00Z\n",
}
IN_FILES = ({"carrier": "C00", "delay": 1, "at": 0}, {"carrier": "C01", "delay": 2, "at": 60})
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
CARRIERS, EVERY, LATENESS = 20, 300, 600


class StreamedProject:
    """A project in a folder, and the environment that says where its events and online values are."""

    patience_s = PATIENCE_S

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SLUICEWAY_")}
        self.environment = kept | environment
        self._streaming: Streaming | None = None

    @classmethod
    def made(cls, folder: Path) -> "StreamedProject":
        """Write a project and ingest its table."""
        folder.mkdir(parents=True)
        for name, text in FILES.items():
            (folder / name).write_text(text)
        project = cls(folder)
        project("run", "--until", "ingest")
        return project

    def copied(self, folder: Path, **environment: str) -> "StreamedProject":
        """The same project elsewhere, with all that was made in it."""
        shutil.copytree(self.folder, folder)
        return StreamedProject(folder, **environment)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [COMMAND, *words], cwd=self.folder, env=self.environment, stdout=pipe, stderr=pipe, text=True
        )

    def __call__(self, *words: str, code: int | None = 0) -> str:
        """Run a command, which must exit with ``code``, unless it is ``None``; give its output."""
        return self._run(*words, code=code).stdout

    def said(self, *words: str, code: int) -> str:
        """Run a command, and give what it says beside its output."""
        return self._run(*words, code=code).stderr

    def _run(self, *words: str, code: int | None) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [COMMAND, *words], cwd=self.folder, env=self.environment, check=False, capture_output=True, text=True,
            timeout=self.patience_s,
        )  # fmt: skip
        assert code in {None, done.returncode}, f"{words} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def worker(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start a worker."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        return subprocess.Popen([COMMAND, "stream", "run", *words], cwd=self.folder, env=self.environment, **quiet)

    def partitions(self) -> list[dict[str, object]]:
        """What ``stream status`` says of each partition."""
        return json.loads(self("stream", "status", "--json"))["streams"][0]["partitions"]

    def headers(self) -> dict[int, PartitionHeader]:
        """What is committed of each partition, as ``stream status`` reads it, without a command's start."""
        if self._streaming is None:
            self._streaming = Streaming.open(self.folder, environment=self.environment)
        return self._streaming.headers(self._streaming.plans[0])

    def online(self):
        """Open the online store."""
        place = OnlinePlace(self.environment.get("SLUICEWAY_ONLINE", ""), self.environment)
        return place.open(self.folder / ".sluiceway" / "online", patience_s=5)

    def spool(self):
        """Open the spool of the topic."""
        from sluiceway.adapters.spool import Spool

        return Spool(EventPlace("", self.folder / ".sluiceway", {}).state / "events" / "landings")

    def served(self, *names: str) -> dict[str, list[object]]:
        """What is served of some carriers, of all that events have by default."""
        view = view_digest(self.folder)
        store = self.online()
        names = names or tuple(f"C{number:02}" for number in range(CARRIERS))
        found = store.read(view, [pack_key([name]) for name in names])
        store.close()
        return {name: unpack_value(value).features for name, value in zip(names, found, strict=True) if value}


def view_digest(folder: Path) -> str:
    """The digest of the only view."""
    from sluiceway.adapters.project_folder import ProjectFolder

    return ProjectFolder(folder).load().pipeline.feature_views[0].digest


def events(count: int, seed: int = 0) -> list[dict[str, object]]:
    """Landings over some hours, out of order by less than the lateness."""
    drawn = random.Random(seed)
    made = []
    for number in range(count):
        at = number * 4 * 3600 // count
        made.append((at + drawn.random() * (LATENESS - 1), {"carrier": f"C{drawn.randrange(CARRIERS):02}",
                     "delay": drawn.randrange(-20, 200), "at": at}))  # fmt: skip
    return [event for _, event in sorted(made, key=lambda pair: pair[0])]


def messages(made: list[dict[str, object]]) -> list[bytes]:
    """Landings as messages."""
    return [
        json.dumps(
            {"carrier": each["carrier"], "delay": each["delay"],
             "landed_at": (BEGIN + timedelta(seconds=each["at"])).isoformat()}
        ).encode()
        for each in made
    ]  # fmt: skip


def partition_of(event: dict[str, object], partitions: int) -> int:
    """Where a landing belongs."""
    return int(str(event["carrier"])[1:]) % partitions


def expected(made: list[dict[str, object]], partitions: int = 1) -> dict[str, list[object]]:
    """What must be served in the end, by plain counting of what came and what the table has."""
    by_partition = defaultdict(list)
    for event in (*IN_FILES, *made):
        by_partition[partition_of(event, partitions)].append(event)
    found = {}
    for mine in by_partition.values():
        end = max(each["at"] for each in mine) // EVERY * EVERY
        for carrier in {each["carrier"] for each in mine}:
            own = [each for each in mine if each["carrier"] == carrier]
            ended = [each for each in own if each["at"] < end]
            delays = [float(each["delay"]) for each in ended]
            newest = max((each["at"], each["delay"]) for each in own)[1]
            hour = sum(end - 3600 <= each["at"] for each in ended)
            found[carrier] = [float(hour), sum(delays), max(delays), float(newest)]
    return found


def end(worker: "subprocess.Popen[bytes]", *, kill: bool = False) -> str:
    """End a worker: as a machine that dies does, or as a person does."""
    worker.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
    said = worker.communicate(timeout=PATIENCE_S)[1].decode()
    assert "Traceback" not in said, said
    return said


def until(holds, *, patience_s: float = PATIENCE_S, what: str = "it") -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, f"{what} does not hold after {patience_s} s"
        time.sleep(0.05)

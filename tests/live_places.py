"""A project's folder behind gate 6, as the installed command finds it: a registered model that nobody serves yet.

::

    place = a_place(folder, flown(3), success_rate=0.99)
    place("start")
"""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests import bundles
from tests.live_projects import LiveProject, furnish, shifted
from tests.served_canaries import BEGAN, TRUTH, Asked, lenient
from tests.served_project import quiet

from sluiceway.artifacts.promise import Promise
from sluiceway.core.moments import SystemClock
from sluiceway.declare.spec import Rollout
from sluiceway.ledger.chain import Ledger
from sluiceway.plans.moments_sql import microseconds
from sluiceway.workspace import Workspace

PIPELINE = """
import sluiceway as sw

SCHEDULE = sw.Source(
    "schedule", key="flight_id", event_time="departs", known_time="told",
    sql="select 'F1' as flight_id, TIMESTAMPTZ '2013-09-01' as departs, TIMESTAMPTZ '2013-08-01' as told",
)
LANDINGS = sw.Source(
    "landings", key="flight_id", event_time="lands",
    sql="select 'F1' as flight_id, 0 as delay, TIMESTAMPTZ '2013-09-01' as lands",
)
pipeline = sw.Pipeline(
    spec="spec.yaml", views=[], model=lambda trial: None,
    label=sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="12h"),
)
print("a project may print what it likes")
"""
QUICK = Rollout(canary=0.5, ramp=(1.0,), hold="1s", by=("carrier",), min_requests=0)
PATIENCE_S = 60
COMMAND = Path(sys.executable).with_name("sluiceway")


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be JSON and nothing else."""
        return json.loads(self.out)


@dataclass
class Place:
    """A project's folder behind gate 6, and the command to run in it."""

    folder: Path
    live: LiveProject

    def __call__(self, *words: str, code: int | None = 0, group: str = "rollout") -> Said:
        """Run a command, which must exit with ``code``, or anyhow where that is ``None``; no traceback is shown."""
        done = subprocess.run(
            [COMMAND, group, *words], cwd=self.folder, env=quiet(), check=False, capture_output=True, text=True,
            timeout=PATIENCE_S,
        )  # fmt: skip
        said = Said(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in said.out + said.err, said.err
        assert "fault in Sluiceway" not in said.err, said.err
        assert code in {None, said.code}, f"{words} exited {said.code}, not {code}\n{said.out}\n{said.err}"
        return said

    @property
    def ledger(self) -> Ledger:
        """The evidence, read anew."""
        return Workspace.open(self.folder).kit.ledger


def a_place(folder: Path, flights: list[Asked], *, success_rate: float) -> Place:
    """Make a project whose flights began four days ago; canaries last a second, and by the carrier half are on them."""
    (folder / "pipeline.py").write_text(PIPELINE)
    (folder / "spec.yaml").write_text("problem: {name: late}\n")
    clock, kit = SystemClock(), Workspace.open(folder).kit
    ago = microseconds(clock.now() - timedelta(days=4)) - microseconds(BEGAN)
    flights = [shifted(each, ago) for each in flights]
    spec = lenient(success_rate).spec
    quick = replace(spec, rollout=QUICK, acceptance=replace(spec.acceptance, min_canary_hours=0.0))
    furnish(kit, flights, Promise(quick, ()))
    kit.online.replace(bundles.WIND.digest, [], snapshot="of nobody")
    live = LiveProject(kit, clock, kit.requests, flights, None)
    live.register(1, bundles.logistic(**TRUTH))
    return Place(folder, live)

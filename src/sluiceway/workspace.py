"""The workspace: the one place that picks adapters, from a project's folder and its settings."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sluiceway.adapters.apprise_alerter import AppriseAlerter
from sluiceway.adapters.delta_tables import DeltaTables
from sluiceway.adapters.derived_folder import DerivedFolder
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.event_place import EVENTS, EventPlace, panes_beside
from sluiceway.adapters.every_alerter import EveryAlerter
from sluiceway.adapters.every_extractor import EveryExtractor
from sluiceway.adapters.killed_folders import KilledFolders, is_in_use
from sluiceway.adapters.log_alerter import LogAlerter
from sluiceway.adapters.mlflow_tracker import MlflowTracker
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.online_place import RUN_S, OnlinePlace
from sluiceway.adapters.project_folder import ProjectFolder
from sluiceway.adapters.project_lock import ProjectLock
from sluiceway.adapters.remote_places import RemotePlaces
from sluiceway.adapters.request_day import day_mark
from sluiceway.adapters.request_folder import RequestFolder
from sluiceway.adapters.schema_place import schema_registry
from sluiceway.adapters.settings_file import FileSettings, read_settings
from sluiceway.adapters.source_files import SourceFiles
from sluiceway.adapters.spark_engine import SparkEngine
from sluiceway.adapters.spool_segments import SpoolSegments
from sluiceway.adapters.sqlite_state import SqliteState
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.core.errors import DeclarationError, MisuseError, Problem
from sluiceway.core.moments import Clock, SystemClock
from sluiceway.flow.kit import Kit, Settings
from sluiceway.ledger.chain import Ledger
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.rehearsal import Rehearsal
from sluiceway.ports.sweepable import STAGED
from sluiceway.server.board import Board

if TYPE_CHECKING:
    from sluiceway.artifacts.dataset_version import DatasetVersion
    from sluiceway.flow.runner import RunReport
    from sluiceway.flow.sweeping import SweepPlan
    from sluiceway.flow.watch import Watch

SCRATCH = "scratch-"
KEEPING, KEEPING_WAIT_S = "keeping.lock", 10.0
# Every lock under which something is written into the stores: who sweeps holds them all.
WRITING = ("lock", "rollout.lock", "observe.lock", KEEPING)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One project, with its backends and its settings."""

    folder: Path
    state: Path
    kit: Kit
    settings: Settings

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        as_of: datetime | None = None,
        clock: Clock | None = None,
        environment: Mapping[str, str] | None = None,
        alerts: bool = True,
    ) -> "Workspace":
        """Open a project's folder. Nothing is written before something runs.

        Without ``alerts`` none are sent but to the log, and their secrets need not be set.

        Raises:
            DeclarationError: the folder is not there, or its settings have problems.
        """
        if not folder.is_dir():
            raise DeclarationError([Problem(f"no folder {str(folder)!r}; name the project's folder with --project")])
        environment = os.environ if environment is None else environment
        given = read_settings(folder, environment, alerts=alerts)
        state = folder / given.state
        settings = Settings(
            as_of or given.as_of,
            given.seed,
            given.threads,
            given.reference,
            given.replay_until,
            given.rebuild_whole_gib,
        )
        return cls(folder, state, embedded(folder, state, clock or SystemClock(), given, environment), settings)

    @property
    def present(self) -> datetime:
        """The moment that every command takes for the present, unless it is told another: the project's, or now."""
        return self.settings.as_of or self.kit.clock.now()

    def run(
        self,
        watch: "Watch",
        *,
        until: str | None = None,
        only: str | None = None,
        again: str | None = None,
        wait_s: float = 0.0,
    ) -> "RunReport":
        """Run the graph under the project's lock, and lay the reports out for people.

        Raises:
            LockedError: another run holds the project.
            SluicewayError: something could not be judged.
        """
        from sluiceway.flow.runner import Runner

        with ProjectLock(self.state / "lock").hold("run", wait_s):
            for left in self.state.glob(f"{SCRATCH}*"):
                if not is_in_use(left):
                    shutil.rmtree(left, ignore_errors=True)
            return Runner(self.kit, self.settings, watch).run(until=until, only=only, again=again)

    def sweep(
        self,
        tell: Callable[["SweepPlan"], None],
        *,
        last: int,
        lost_for_good: bool = False,
        wait_s: float = 0.0,
    ) -> "SweepPlan":
        """Remove what nothing needs any more, while nobody else writes; return what went.

        Args:
            tell: Hears what will go before anything does.
            last: How many of the newest dataset versions stay in any case.
            lost_for_good: Go on although the evidence of something needed is gone.
            wait_s: How long to wait for whoever writes, in seconds.

        Raises:
            LockedError: somebody writes.
            DamagedError: what is still needed cannot be told.
        """
        from sluiceway.flow.sweeping import plan_sweep, sweep

        with ExitStack() as held:
            for name in WRITING if self.state.is_dir() else ():
                held.enter_context(ProjectLock(self.state / name).hold("data gc", wait_s))
            plan = plan_sweep(self.kit, self.settings, last=last, lost_for_good=lost_for_good)
            tell(plan)
            sweep(plan, self.kit)
            return plan

    @contextmanager
    def keeping(self, command: str) -> Iterator[None]:
        """Hold off sweeps while what must be kept changes.

        Raises:
            LockedError: one is under way.
        """
        with ProjectLock(self.state / KEEPING).hold(command, KEEPING_WAIT_S):
            yield

    def lost_its_ledger(self) -> bool:
        """Whether there is earlier work, but no ledger that tells of it; then none of it is believed."""
        return next(self.kit.ledger.entries(), None) is None and bool(self.kit.objects.list("artifacts"))

    def lost_its_objects(self) -> bool:
        """Whether the object store has nothing of what the ledger tells of: it was removed, or is not mounted."""
        made = next(self.kit.ledger.entries("made"), None)
        return made is not None and not self.kit.objects.list("artifacts")

    def pages(self) -> dict[str, Path]:
        """Find the newest page of each stage that has made one: what a person opens."""
        from sluiceway.flow.recall import newest_pages

        return {name: self.state / "objects" / key for name, key in newest_pages(self.kit).items()}

    def restore(self, version: "DatasetVersion", target: Path) -> None:
        """Write a version's files below a folder, which is empty, or holds what an interrupted restore of it left.

        Raises:
            MisuseError: the folder holds anything else.
            DamagedError: a stored file is missing, or is not what was stored.
        """
        from sluiceway.ingest.restore import restore_to
        from sluiceway.ingest.restore_target import strangers

        store = ObstoreObjects.local(target)
        strange = no_files(target)
        found = store.leftovers(lambda _: False) if target.is_dir() and not strange else []
        if strange := strange or strangers(version, found, target=store):
            raise MisuseError(
                f"--to {target} is not an empty folder, it has {strange[0]!r}; restoring never overwrites"
            )
        store.remove([each for each in found if each.kind == STAGED])
        restore_to(version, objects=self.kit.objects, target=store)


def no_files(folder: Path) -> list[str]:
    """Name what is neither a plain file nor a folder below a folder: writing there might lead out of it."""
    return [path.name for path in folder.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir())]


@contextmanager
def scratch_below(state: Path) -> Iterator[ObjectStore]:
    """Lend an empty place, and sweep it away afterwards; a run sweeps what a killed one left."""
    state.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SCRATCH, dir=state) as folder:
        yield ObstoreObjects.local(Path(folder))


def source_files(folder: Path, state: Path, objects: ObjectStore, places: RemotePlaces) -> SourceFiles:
    """Reach the files of sources: in the project's folder, and behind URLs."""
    return SourceFiles(ObstoreObjects.local(folder), kept=objects, places=places, spool=state)


def rehearsing(folder: Path, state: Path, objects: ObjectStore) -> AbstractContextManager[Rehearsal]:
    """Start a server to rehearse with, once one is asked for: no other command waits for what that takes."""
    from sluiceway.adapters.rehearsal_server import rehearsal_server

    return rehearsal_server(folder, state, clear_board=Board(objects, REHEARSAL).clear)


def embedded(folder: Path, state: Path, clock: Clock, given: FileSettings, environment: Mapping[str, str]) -> Kit:
    """Build the kit that needs no service unless the settings name one: everything lies below one folder."""
    engine = DuckdbEngine(threads=given.threads, place=state)
    objects, tables = ObstoreObjects.local(state / "objects"), DeltaTables(state / "tables", engine)
    derived = DerivedFolder(state / "derived")
    online = OnlinePlace(given.online, environment).open(state / "online", patience_s=RUN_S)
    return Kit(
        reader=ProjectFolder(folder),
        files=source_files(folder, state, objects, RemotePlaces(given.files, environment)),
        objects=objects,
        scratch=lambda: scratch_below(state),
        tables=tables,
        online=online,
        engine=engine,
        elsewhere=SparkEngine(given.engine) if given.engine else None,
        tracker=MlflowTracker(state / "tracking"),
        ledger=Ledger(SqliteState(state / "ledger.db"), clock),
        clock=clock,
        rehearse=lambda: rehearsing(folder, state, objects),
        requests=RequestFolder(state / "requests"),
        logged_since=day_mark,
        extractor=EveryExtractor(folder, environment),
        alerter=EveryAlerter([LogAlerter(state / "alerts.jsonl", clock=clock), AppriseAlerter(given.alerts)]),
        sweepable=(objects, tables, derived, online, KilledFolders(state), SpoolSegments(state / EVENTS)),
        derived=derived,
        arriving=EventPlace(given.events, state, environment),
        schemas=lambda: schema_registry(given.schemas, environment),
        panes=lambda: panes_beside(online),
    )

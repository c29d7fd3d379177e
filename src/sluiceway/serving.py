"""Serving: picks the adapters of a server and of each of its workers, without what only runs need."""

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sluiceway.adapters.event_place import EventPlace
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.online_place import MISSING, REFUSE, SERVING_MS, OnlinePlace
from sluiceway.adapters.project_lock import ProjectLock
from sluiceway.adapters.settings_file import read_settings
from sluiceway.artifacts.rollout_state import LIVE, REHEARSAL, RolloutState, Served
from sluiceway.core.errors import DeclarationError, MisuseError, Problem, SluicewayError
from sluiceway.ports.event_sink import EventSink
from sluiceway.ports.object_store import ObjectStore
from sluiceway.server.board import Board
from sluiceway.server.event_intake import intake_mark, shown_intake
from sluiceway.server.limits import Limits

if TYPE_CHECKING:
    from sluiceway.server.app import ServingApp

KEY = "SLUICEWAY_API_KEY"
METRICS = "PROMETHEUS_MULTIPROC_DIR"
WORKER = "sluiceway.serving:worker_app"
NOWHERE_ELSE = OnlinePlace("", {})
LOOK_EVERY_S = {LIVE: 0.5, REHEARSAL: 0.02}


def api_key(*, rehearsal: bool = False) -> str | None:
    """Read from the environment what callers must show; nothing in a rehearsal, which only its own process asks."""
    return None if rehearsal else os.environ.get(KEY) or None


@dataclass(frozen=True, slots=True)
class ServedProject:
    """A project as it is served. ``as_of`` is the moment (UTC) that live requests are answered for, or the present.

    ``rehearsal`` is the folder with a rehearsal's own online store and request log, ``None`` for live traffic.
    ``online`` is where live features lie, ``online_s`` how long to wait for it, ``online_unavailable`` what becomes of
    requests meanwhile. ``events`` is where events that are posted go.
    """

    folder: Path
    state: Path
    as_of: datetime | None = None
    rehearsal: Path | None = None
    online: OnlinePlace = NOWHERE_ELSE
    online_s: float = SERVING_MS / 1000
    online_unavailable: str = REFUSE
    events: EventPlace | None = None

    @classmethod
    def open(
        cls, folder: Path, *, rehearsal: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> "ServedProject":
        """Open a project's folder.

        Raises:
            DeclarationError: the folder is not there, or its settings have problems.
        """
        if not folder.is_dir():
            raise DeclarationError([Problem(f"no folder {str(folder)!r}; name the project's folder with --project")])
        environment = os.environ if environment is None else environment
        given = read_settings(folder, environment, alerts=False)
        return cls(
            folder,
            folder / given.state,
            given.as_of,
            rehearsal,
            OnlinePlace(given.online, environment) if rehearsal is None else NOWHERE_ELSE,
            given.online_timeout_ms / 1000,
            given.online_unavailable,
            EventPlace(given.events, folder / given.state, environment) if rehearsal is None else None,
        )

    @property
    def scope(self) -> str:
        """Whose rollout is answered by: ``live`` or ``rehearsal``."""
        return LIVE if self.rehearsal is None else REHEARSAL

    @property
    def own(self) -> Path:
        """Where the online store, the request log and the metrics lie."""
        return self.rehearsal or self.state

    @property
    def objects(self) -> ObjectStore:
        """The store with the board and the bundles."""
        return ObstoreObjects.local(self.state / "objects")

    @property
    def board(self) -> Board:
        """What the workers look at to learn who answers."""
        return Board(self.objects, self.scope)

    def sink(self) -> EventSink | None:
        """Open what events are added to; nothing in a rehearsal, which replays them itself.

        Raises:
            SourceError: a secret of its address is not set.
        """
        return None if self.events is None else self.events.sink()

    def takes_events(self) -> bool:
        """Whether a run has left word of a streamed source, whose events can be taken."""
        return self.events is not None and bool(
            intake_mark(self.objects) and shown_intake(self.objects).sources  # nothing is read where nothing was left
        )

    def check_log(self) -> None:
        """Find out that requests can be logged.

        Raises:
            SourceError: they cannot.
        """
        from sluiceway.adapters.request_folder import RequestFolder

        with closing(RequestFolder(self.own / "requests")) as log:
            log.check()

    def check_online(self) -> None:
        """Find out that the online store can be opened; whether it answers is seen, and told, as the server goes.

        Raises:
            SourceError: a secret of its address is not set.
            MisuseError: a library that it takes is not installed.
        """
        self.online.check()

    def unloadable(self, served: Served) -> str:
        """Say why a version cannot be taken up and what to do about it; nothing where its files are whole."""
        from sluiceway.server.shelf import take

        try:
            take(served, self.objects)
        except SluicewayError as error:
            return (
                f"{served.version} cannot be taken up: {error}. sluiceway run makes what the newest run made anew; for "
                "another version, restore its files from a backup, or put the champion before in its place: sluiceway "
                "rollout rollback. The server looks again by itself"
            )
        return ""


def live_rollout(project: ServedProject) -> RolloutState | None:
    """Return who answers live traffic, with the board showing it; where nobody does yet, the newest baseline begins.

    Nobody does where nothing is registered yet, but there are events to be taken.

    Raises:
        MisuseError: nothing is registered yet, and no source has a stream.
        LockedError: another command is just changing the rollout, and does not come to an end.
    """
    from sluiceway.flow.live_rollout import LOCK, LOCK_WAIT_S, answering, require_somebody
    from sluiceway.workspace import Workspace

    kit = Workspace.open(project.folder, alerts=False).kit
    try:
        require_somebody(kit)  # who has nothing to serve leaves no lock behind either
    except MisuseError:
        if not project.takes_events():
            raise
        return None
    with ProjectLock(project.state / LOCK).hold("serve", LOCK_WAIT_S):
        return answering(kit)


def serve(
    project: ServedProject,
    listeners: Sequence[socket.socket],
    limits: Limits,
    environment: Mapping[str, str] | None = None,
    *,
    alone: bool = False,
) -> int:
    """Serve until SIGTERM or SIGINT, with a worker for each listening socket; return the exit code.

    ``alone`` takes events while there is no model.
    """
    from sluiceway.adapters.granian_server import GranianServer
    from sluiceway.adapters.metrics_folder import forget_gauges, metrics_folder

    host, port = listeners[0].getsockname()[:2]
    with metrics_folder(project.own.absolute() / "metrics", f"{host}-{port}") as metrics:
        server = GranianServer(
            WORKER,
            {
                "folder": str(project.folder.absolute()),
                "rehearsal": None if project.rehearsal is None else str(project.rehearsal.absolute()),
                "limits": asdict(limits),
                "alone": alone,
            },
            listeners=listeners,
            environment={**(os.environ if environment is None else environment), METRICS: str(metrics)},
            died=lambda _pid, place: forget_gauges(metrics, place),
        )
        return server.serve()


def worker_app(
    *, folder: str, rehearsal: str | None, limits: Mapping[str, Any], alone: bool = False, place: int = 0
) -> "ServingApp":
    """Make the app of one worker, in its process; ``place`` is its number among them."""
    from sluiceway.adapters.metrics_folder import count_in_place
    from sluiceway.adapters.request_folder import RequestFolder
    from sluiceway.plans.moments_sql import microseconds
    from sluiceway.server.app import serving_app
    from sluiceway.server.features_there import FeaturesThere
    from sluiceway.server.options import ServingOptions

    count_in_place(place)
    project = ServedProject.open(Path(folder), rehearsal=None if rehearsal is None else Path(rehearsal))
    options = ServingOptions(
        scope=project.scope,
        key=api_key(rehearsal=rehearsal is not None),
        as_of_us=None if project.as_of is None else microseconds(project.as_of),
        limits=Limits(**limits),
        look_every_s=LOOK_EVERY_S[project.scope],
        answers_without_store=project.online_unavailable == MISSING,
        is_ready_alone=alone,
        expects_views=rehearsal is None,  # a rehearsal begins with nothing known, and learns as it goes
    )
    online = project.online.open(project.own / "online", patience_s=project.online_s)
    log, told = RequestFolder(project.own / "requests"), Spoken()
    app = serving_app(project.objects, online, log, options, progress=told, sink=project.sink())
    if options.expects_views:
        there = FeaturesThere(project.objects, online, needs_store=not options.answers_without_store)
        app.watch.required = there.check
    return app


class Spoken:
    """Progress as lines on standard error, each with the process that says it."""

    def say(self, text: str) -> None:
        """Tell what is being done now."""
        with suppress(OSError):  # that nobody listens any more is no reason to stop
            sys.stderr.write(f"worker {os.getpid()}: {text}\n")
            sys.stderr.flush()

    def advance(self, done: int, total: int) -> None:
        """Keep quiet: a line for each step would be too many."""

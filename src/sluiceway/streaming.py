"""Streaming: the one place that picks the adapters of streams, from a project's folder and its settings."""

import os
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from uuid import uuid4

from sluiceway.adapters.event_place import EventPlace, pane_store
from sluiceway.adapters.online_place import OnlinePlace
from sluiceway.adapters.schema_place import schema_registry
from sluiceway.adapters.settings_file import read_settings
from sluiceway.adapters.spark_engine import SparkEngine
from sluiceway.adapters.spark_learner import SparkLearner
from sluiceway.adapters.spark_stream import SparkStream, checkpoint_name
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.flow.newest_dataset import newest_dataset
from sluiceway.flow.pinned_views import pinned_views
from sluiceway.flow.table_start import table_start
from sluiceway.plans.moments_sql import microseconds
from sluiceway.ports.event_source import EventSource
from sluiceway.ports.pane_store import PaneStore
from sluiceway.ports.schema_registry import SchemaRegistry
from sluiceway.streams.latest_time import latest_us
from sluiceway.streams.line_partitions import partition_count
from sluiceway.streams.partition_header import PartitionHeader, unpack_header
from sluiceway.streams.partition_stream import Backends
from sluiceway.streams.stream_metrics import StreamMetrics
from sluiceway.streams.stream_plan import DIGITS, StreamPlan, check_partitions, stream_plan
from sluiceway.streams.table_start import TableStart
from sluiceway.streams.worker import Worker
from sluiceway.workspace import Workspace

ANYWHERE = "spark://local[*]"
SPARK = "spark"


def silent(said: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Streaming:
    """A project's streams, with where they read from and write to.

    ``lost`` says which views that models in service read are not kept up, and why. ``engine`` says where Spark is, for
    streams of files, and ``online`` where their executors find the online store.
    """

    workspace: Workspace
    plans: tuple[StreamPlan, ...]
    place: EventPlace
    panes: PaneStore
    schemas: SchemaRegistry | None = None
    engine: str = ANYWHERE
    online: str = ""
    lost: tuple[str, ...] = ()

    @classmethod
    def open(
        cls, folder: Path, *, source: str | None = None, environment: Mapping[str, str] | None = None
    ) -> "Streaming":
        """Plan a project's streams, or that of one source; nothing is read of any topic.

        Raises:
            DeclarationError: the folder, its settings or its declaration have problems.
            MisuseError: nothing was ingested yet, no source has a stream, or the one named has none.
        """
        environment = os.environ if environment is None else environment
        workspace = Workspace.open(folder, environment=environment, alerts=False)
        settings = read_settings(folder, environment, alerts=False)
        place = EventPlace(settings.events, workspace.state, environment, home=_home(settings.online, environment))
        plans, lost = _plans(workspace, source, place.kind)
        schemas = schema_registry(settings.schemas, environment)
        panes = pane_store(workspace.kit.online)
        return cls(workspace, plans, place, panes, schemas, settings.engine or ANYWHERE, settings.online, lost)

    def worker(
        self,
        plan: StreamPlan,
        metrics: StreamMetrics,
        *,
        follows_wall: bool = True,
        say: Callable[[str], None] = silent,
    ) -> Worker:
        """Start a worker for a stream; with ``follows_wall`` time goes on by the wall's clock where all is silent.

        Raises:
            SourceError: the topic is not there, or nobody answers.
            MisuseError: the topic's partitions are not those of its views' entities.
        """
        clock = self.workspace.kit.clock
        return Worker(
            plan,
            backends=Backends(self.events(plan), self.panes, self.place.side(plan.topic.name), self.schemas),
            owner=owner_name(),
            now_us=lambda: microseconds(clock.now()),
            metrics=metrics,
            follows_wall=follows_wall,
            latest_us=latest_us(plan.topic.lateness, clock),
            table=partial(self.table, plan, say=say),
        )

    def on_spark(self, tell: Callable[[int, int], None]) -> tuple[SparkEngine, SparkStream]:
        """Prepare the only stream to be kept up by Spark, from files.

        Args:
            tell: Hears after each batch its number and how many lines it had.

        Raises:
            MisuseError: there are several streams, or its messages are no JSON, or its key is not one of its views'.
        """
        if len(self.plans) > 1:
            names = ", ".join(plan.source.name for plan in self.plans)
            raise MisuseError(f"a folder has the lines of one source, and {names} have streams; say which: --source")
        (plan,) = self.plans
        if plan.topic.format != "json":
            raise MisuseError(f"files have JSON lines, but topic {plan.topic.name!r} has {plan.topic.format}")
        if plan.topic.keys:
            check_partitions(plan, partition_count(plan))
        self._begin_anew_if_lost(plan)
        engine = SparkEngine(self.engine)
        return engine, SparkStream(engine, state=self._spark_state(plan), learner=self._learner(plan), tell=tell)

    def by_spark(self, plan: StreamPlan) -> StreamPlan | None:
        """Give a stream as Spark keeps it up; ``None`` where it never did."""
        name = checkpoint_name(self._spark_state(plan))
        return None if name is None else replace(plan, keeper=f"{SPARK}-{name[:DIGITS]}/")

    def _learner(self, plan: StreamPlan) -> Callable[[], SparkLearner]:
        """Say what executors run, once there is a checkpoint; what was kept for others goes."""

        def learner() -> SparkLearner:
            kept = self.by_spark(plan) or plan
            name = kept.partition(0)
            for other in self.panes.partitions(f"{SPARK}-"):
                if other.split("/")[1] == plan.source.name and not other.startswith(name[:-1]):
                    self.panes.forget(other)
            return SparkLearner(name, self.online, self.workspace.state.absolute(), kept)

        return cache(learner)

    def _begin_anew_if_lost(self, plan: StreamPlan) -> None:
        """Remove a checkpoint of which all that was learnt is gone: swept, or with the store."""
        kept = self.by_spark(plan)
        if kept is not None and not self.panes.partitions(kept.partition(0)[:-1]):
            shutil.rmtree(self._spark_state(plan), ignore_errors=True)

    def _spark_state(self, plan: StreamPlan) -> Path:
        return self.workspace.state.absolute() / SPARK / plan.source.name / plan.digest[:DIGITS]

    def table(self, plan: StreamPlan, *, say: Callable[[str], None] = silent) -> TableStart | None:
        """Tell what a stream's table has, for one that begins; ``say`` hears why it has none."""
        return table_start(plan, (self.place.kind, plan.topic.name), self.workspace.kit, say=say)

    def events(self, plan: StreamPlan) -> EventSource:
        """Open a stream's topic; workers of one stream are one group."""
        group = f"{plan.source.name}.{plan.digest[:DIGITS]}"
        return self.place.events(plan.topic.name, group=group, as_one=not plan.parted_by)

    def headers(self, plan: StreamPlan) -> dict[int, PartitionHeader]:
        """Read how far each partition of a stream was committed."""
        found = {}
        for name in self.panes.partitions(plan.partition(0)[:-1]):
            header = unpack_header(self.panes.header(name))
            if header is not None:
                found[int(name.rpartition("/")[2])] = header
        return found


def owner_name() -> str:
    """Name who owns partitions: no other process has the name."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"


def _home(online: str, environment: Mapping[str, str]) -> str:
    """Name the store that workers share, without its secrets; nothing where it is the project's own folder."""
    return OnlinePlace(online, environment).shown if online else ""


def _plans(workspace: Workspace, source: str | None, place: str) -> tuple[tuple[StreamPlan, ...], tuple[str, ...]]:
    """Plan streams, and say which views that models in service read are kept up by none."""
    from sluiceway.features.binding import kinds_of

    project = workspace.kit.reader.load()
    streamed = {name: each for name, each in project.sources.items() if each.stream is not None}
    if not streamed:
        raise MisuseError("no source has a stream; give one to the source whose rows arrive: stream=sw.topic(name)")
    if source is not None and source not in streamed:
        raise UnknownNameError("source with a stream", source, streamed)
    dataset = newest_dataset(workspace.kit)
    pinned = pinned_views(workspace.kit, project, dataset)  # models in service read these as they were
    views = (*project.pipeline.feature_views, *pinned.views)
    chosen = [streamed[source]] if source else list(streamed.values())
    plans = tuple(stream_plan(each, views, kinds_of(dataset, each.name), place=place) for each in chosen)
    return plans, pinned.lost

"""Streaming: the one place that picks the adapters of stream workers, from a project's folder and its settings."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sluiceway.adapters.event_place import EventPlace, pane_store
from sluiceway.adapters.online_place import OnlinePlace
from sluiceway.adapters.schema_place import schema_registry
from sluiceway.adapters.settings_file import read_settings
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.flow.pinned_views import pinned_views
from sluiceway.flow.recall import current
from sluiceway.plans.moments_sql import microseconds
from sluiceway.ports.event_source import EventSource
from sluiceway.ports.pane_store import PaneStore
from sluiceway.ports.schema_registry import SchemaRegistry
from sluiceway.streams.message_row import latest_us
from sluiceway.streams.partition_header import PartitionHeader, unpack_header
from sluiceway.streams.partition_stream import Backends
from sluiceway.streams.stream_metrics import StreamMetrics
from sluiceway.streams.stream_plan import DIGITS, StreamPlan, stream_plan
from sluiceway.streams.worker import Worker
from sluiceway.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Streaming:
    """A project's streams, with where they read from and write to."""

    workspace: Workspace
    plans: tuple[StreamPlan, ...]
    place: EventPlace
    panes: PaneStore
    schemas: SchemaRegistry | None = None

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
        plans = _plans(workspace, source)
        place = EventPlace(settings.events, workspace.state, environment, home=_home(settings.online, environment))
        schemas = schema_registry(settings.schemas, environment)
        return cls(workspace, plans, place, pane_store(workspace.kit.online), schemas)

    def workers(self, metrics: StreamMetrics, *, follows_wall: bool = True) -> list[Worker]:
        """Start a worker for each stream; with ``follows_wall`` time goes on by the wall's clock where all is silent.

        Raises:
            SourceError: a topic is not there, or nobody answers.
            MisuseError: a topic's partitions are not those of its views' entities.
        """
        owner = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        clock = self.workspace.kit.clock
        return [
            Worker(
                plan,
                backends=Backends(self.events(plan), self.panes, self.place.side(plan.topic.name), self.schemas),
                owner=owner,
                now_us=lambda: microseconds(clock.now()),
                metrics=metrics,
                follows_wall=follows_wall,
                latest_us=latest_us(clock),
            )
            for plan in self.plans
        ]

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


def _home(online: str, environment: Mapping[str, str]) -> str:
    """Name the store that workers share, without its secrets; nothing where it is the project's own folder."""
    return OnlinePlace(online, environment).shown if online else ""


def _plans(workspace: Workspace, source: str | None) -> tuple[StreamPlan, ...]:
    from sluiceway.features.binding import kinds_of

    project = workspace.kit.reader.load()
    streamed = {name: each for name, each in project.sources.items() if each.stream is not None}
    if not streamed:
        raise MisuseError("no source has a stream; give one to the source whose rows arrive: stream=sw.topic(name)")
    if source is not None and source not in streamed:
        raise UnknownNameError("source with a stream", source, streamed)
    dataset = current("ingest", workspace.kit)
    if not isinstance(dataset, DatasetVersion):
        raise MisuseError("the columns' types are those of the table, and there is none yet; run sluiceway run first")
    pinned = pinned_views(workspace.kit, project, dataset).views  # models in service read these as they were
    views = (*project.pipeline.feature_views, *pinned)
    chosen = [streamed[source]] if source else list(streamed.values())
    return tuple(stream_plan(each, views, kinds_of(dataset, each.name)) for each in chosen)

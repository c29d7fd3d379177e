"""Sealing: what landed is taken over by the streams of its source, where their panes are closed."""

from collections.abc import Callable
from uuid import uuid4

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, DatasetVersion
from sluiceway.core.errors import MisuseError
from sluiceway.declare.project import Project
from sluiceway.flow.kit import Kit
from sluiceway.flow.pinned_views import pinned_views
from sluiceway.ports.pane_store import PaneStore
from sluiceway.ports.progress import NOTE


def seal_streams(dataset: DatasetVersion, project: Project, kit: Kit, *, say: Callable[[str], None]) -> None:
    """Let every stream that has begun take over what batch knows of its closed panes.

    Raises:
        TransientError: the store with the streams' state does not answer.
    """
    landed = [name for name, each in project.sources.items() if each.stream and dataset.has_events(name)]
    panes = kit.panes() if landed else None
    if panes is None:
        return
    for name in landed:
        _seal(name, dataset, project, kit, panes, say)


def _seal(
    name: str, dataset: DatasetVersion, project: Project, kit: Kit, panes: PaneStore, say: Callable[[str], None]
) -> None:
    from sluiceway.features.binding import kinds_of
    from sluiceway.ingest.landed_events import event_parts, known_event_landing
    from sluiceway.plans.moments_sql import microseconds
    from sluiceway.streams.sealing import as_one, seal_stream
    from sluiceway.streams.standing_by import RUN
    from sluiceway.streams.stored_frame import stored_frame
    from sluiceway.streams.stream_plan import SPOOL, stream_plan

    views = (*project.pipeline.feature_views, *pinned_views(kit, project, dataset).of(name))
    if all(view.source.name != name for view in views):
        return
    try:
        place = kit.arriving.kind if kit.arriving else SPOOL
        plan = stream_plan(project.source(name), views, kinds_of(dataset, name), place=place)
    except MisuseError as error:  # so no stream keeps them up, and there is nothing to seal
        say(f"{NOTE}{name}: not kept up by a stream: {error}")
        return
    landing = known_event_landing(name, kit.objects)
    if landing is None or not panes.partitions(plan.partition(0)[:-1]):
        return
    if {each.sha256 for each in landing.parts} != {each.sha256 for each in event_parts(dataset.files, name)}:
        return  # another run has landed more since, and seals what it landed
    table = kit.tables.read(dataset.table(name), [*plan.columns, EVENT_TIME, KNOWN_TIME])
    missed = seal_stream(
        plan,
        stored_frame(table, plan.kinds),
        landing.partitions if plan.parted_by else (as_one(landing.partitions),),
        panes=panes,
        now_us=lambda: microseconds(kit.clock.now()),
        owner=f"{RUN}{uuid4().hex[:8]}",
    )
    for number in missed:
        say(f"{NOTE}{name}: partition {number} changes too quickly to be sealed now; the next run tries again")

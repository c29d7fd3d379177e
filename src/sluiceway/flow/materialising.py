"""Materialising: online views brought up to the present between two runs, each from where it is."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.promise import Promise
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.core.moments import iso
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.project import Project
from sluiceway.flow.held_views import Held, held_of, note
from sluiceway.flow.kept_definitions import keep_definition
from sluiceway.flow.kit import Kit
from sluiceway.flow.newest_dataset import newest_promised
from sluiceway.flow.pinned_views import pinned_views
from sluiceway.flow.reference import dataset_versions
from sluiceway.ledger.standing import VERDICT, read_standing
from sluiceway.ports.progress import Progress

if TYPE_CHECKING:
    from sluiceway.features.point_in_time import Facts
    from sluiceway.features.refreshing import Refreshed


def materialise_views(
    kit: Kit, project: Project, names: Sequence[str], *, cutoff: datetime, back: bool, progress: Progress
) -> Iterator["Refreshed"]:
    """Bring views up to a moment (UTC), from the newest dataset behind gate 3; each is done once it is yielded.

    Those that models in service read by an earlier definition are brought up with them, or, by name, alone. Whoever
    calls holds the project's lock. Only with ``back`` may a view know less than it does.

    Raises:
        MisuseError: there is no dataset, gate 3 is open on none, a view is kept up by a stream, or one is
            of a later moment already.
        UnknownNameError: there is no such view.
    """
    from sluiceway.features.binding import check_binding
    from sluiceway.features.held_tables import HeldTables
    from sluiceway.features.large_sources import LargeSources
    from sluiceway.features.point_in_time import Facts
    from sluiceway.features.refreshing import refresh
    from sluiceway.plans.moments_sql import microseconds

    versions = dataset_versions(kit)
    dataset, promise = _validated(kit, versions, progress)
    check_binding(dataset, project.pipeline, promise.spec.inputs)
    large = LargeSources(kit.derived, progress=progress)
    facts = Facts(dataset, HeldTables(kit.tables), kit.engine, microseconds(cutoff), large=large)
    pinned = pinned_views(kit, project, dataset)
    for said in pinned.lost:
        progress.say(said)
    chosen = _chosen(project, pinned.views, names)
    if not back:
        _forwards(chosen, facts.cutoff, kit)
    for view in chosen:
        keep_definition(view, kit.objects)
        held = held_of(view, kit)
        before = None if held is None else _facts_of(held, versions, facts, kit)
        if held is not None:
            towards = (dataset.content_id, facts.cutoff)
            note(view, msgspec.structs.replace(held, towards=towards), kit)
        done = refresh(facts, view, kit.online, before=before, now=kit.clock.now(), progress=progress)
        note(view, Held(dataset.content_id, facts.cutoff, kit.online.snapshot(view.digest)), kit)
        yield done


def streamed_views(project: Project) -> tuple[str, ...]:
    """Name the views that streams keep up, and materialising leaves out."""
    return tuple(view.name for view in project.pipeline.feature_views if view.source.stream is not None)


def _forwards(views: Sequence[FeatureView], cutoff: int, kit: Kit) -> None:
    """Refuse to take a view back, before any is written."""
    from sluiceway.plans.moments_sql import moment_of

    for view in views:
        held = held_of(view, kit)
        if held is not None and held.cutoff > cutoff:
            raise MisuseError(
                f"view {view.name!r} is online as of {iso(moment_of(held.cutoff))}; as of {iso(moment_of(cutoff))} it "
                "would know less, and models be served older values. Say a later --as-of, or --back if that is meant"
            )


def _validated(kit: Kit, versions: dict[str, DatasetVersion], progress: Progress) -> tuple[DatasetVersion, Promise]:
    """Give the newest dataset version that gate 3 is open on, and say so where a newer one is not behind it."""
    dataset, promise = newest_promised(kit)
    standings = [read_standing(entry) for entry in kit.ledger.entries(VERDICT)]
    judged = {each.upstream.get("ingest"): each.verdict.is_open for each in standings if each.stage == "validate"}
    if judged.get(dataset.content_id):
        return dataset, promise
    passed = [version for name, version in versions.items() if judged.get(name)]
    earlier = next((each for each in reversed(passed) if all(map(kit.tables.has, each.tables))), None)
    if earlier is None:
        raise MisuseError(
            f"gate 3 is not open on dataset version {dataset.version}, nor on an earlier one, so nothing is served; "
            "run `sluiceway run --until validate` first"
        )
    progress.say(
        f"gate 3 is not open on dataset version {dataset.version}: this is of {earlier.version}, the newest that it is "
        "open on"
    )
    return earlier, promise


def _chosen(project: Project, pinned: Sequence[FeatureView], names: Sequence[str]) -> list[FeatureView]:
    views: dict[str, list[FeatureView]] = {}
    for view in (*project.pipeline.feature_views, *pinned):
        views.setdefault(view.name, []).append(view)
    unknown = [name for name in names if name not in views]
    if unknown:
        raise UnknownNameError("view", unknown[0], list(views))
    streamed = [name for name in names if any(view.source.stream is not None for view in views[name])]
    if streamed:
        raise MisuseError(f"view {streamed[0]!r} is kept up by a stream: sluiceway stream; leave it out")
    return [view for name in names or views for view in views[name] if view.source.stream is None]


def _facts_of(held: Held, versions: dict[str, DatasetVersion], now: "Facts", kit: Kit) -> "Facts | None":
    """Give the facts that a view's values are of, where its changes can be told from them."""
    from sluiceway.features.held_tables import HeldTables
    from sluiceway.features.point_in_time import Facts

    if held.towards is not None and (held.towards[0] != now.dataset.content_id or held.towards[1] > now.cutoff):
        return None  # broken off on the way to elsewhere: what of it was written cannot be told
    version = versions.get(held.dataset)
    if version is None or not all(kit.tables.has(table) for table in version.tables):
        return None
    if version.content_id == now.dataset.content_id:
        return Facts(version, now.tables, kit.engine, held.cutoff)
    return Facts(version, HeldTables(kit.tables), kit.engine, held.cutoff)

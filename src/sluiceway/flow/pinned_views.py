"""Pinned views: those that models in service read by a definition that is declared no more.

A model keeps the features that it learnt from, also their values as they come: what keeps declared views up keeps these
up too, as long as the model answers or may be rolled back to. That takes the old definition, which is kept
beside the evidence, and its source as it was: a view's digest is also of that. Rules that set rows apart may be others:
they say which rows there are, not what a row means, so the old view is made of the rows that are left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.rollout_state import LIVE, Served
from sluiceway.core.errors import SluicewayError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.project import Project
from sluiceway.flow.kept_definitions import kept_definition
from sluiceway.flow.kit import Kit
from sluiceway.ledger.rolling import current
from sluiceway.server.shelf import bundle_of


@dataclass(frozen=True, slots=True)
class PinnedViews:
    """What is kept up beside the declared views; ``lost`` says of each other why it is not, and what that means."""

    views: tuple[FeatureView, ...] = ()
    lost: tuple[str, ...] = ()

    def of(self, source: str) -> tuple[FeatureView, ...]:
        """Those that are built on a source."""
        return tuple(view for view in self.views if view.source.name == source)


def pinned_views(kit: Kit, project: Project, dataset: DatasetVersion) -> PinnedViews:
    """Find what models in service read that the project declares otherwise now, or no more."""
    declared = {view.digest for view in project.pipeline.feature_views}
    views, lost = [], []
    for digest, (name, version) in _read_by_models(kit).items():
        if digest in declared:
            continue
        found = _declared_again(digest, kit, project, dataset)
        if isinstance(found, FeatureView):
            views.append(found)
        else:
            lost.append(
                f"view {name!r} as model {version} reads it is not kept up: {found}. The model is served values that "
                "grow old, which the alarm staleness will tell; put a newer one in its place (sluiceway rollout)"
            )
    return PinnedViews(tuple(views), tuple(lost))


def limits_of_models(kit: Kit, project: Project) -> Mapping[str, timedelta | None]:
    """Tell how far behind the views of models in service may be, also those that are declared no more.

    A view whose definition was not kept has no limit here; where one of its name is declared, that one's counts.
    """
    found: dict[str, timedelta | None] = {}
    for digest, (name, _) in _read_by_models(kit).items():
        kept = kept_definition(digest, kit.objects)
        source = project.sources.get(kept.source) if kept else None
        if kept is not None and source is not None and not source.is_timeless:
            found[name] = kept.over(source).may_be_behind
    return found


def columns_of_models(kit: Kit) -> dict[str, set[str]]:
    """Name what views of models in service read of each source, as far as their definitions were kept."""
    found: dict[str, set[str]] = {}
    for digest in _read_by_models(kit):
        kept = kept_definition(digest, kit.objects)
        if kept is not None:
            found.setdefault(kept.source, set()).update(kept.columns)
    return found


def _read_by_models(kit: Kit) -> dict[str, tuple[str, str]]:
    """Name the views that models in service read, and which model, by the definitions' digests."""
    state = current(kit.ledger, LIVE)
    served: Sequence[Served | None] = (state.champion, state.challenger, state.previous) if state else ()
    found: dict[str, tuple[str, str]] = {}
    for each in served:
        if each is not None:
            for view in bundle_of(each, kit.objects).contract.views:
                found.setdefault(view.digest, (view.name, each.version))
    return found


def _declared_again(digest: str, kit: Kit, project: Project, dataset: DatasetVersion) -> FeatureView | str:
    """Declare a view again, or say why that cannot be."""
    from sluiceway.features.binding import check_view

    kept = kept_definition(digest, kit.objects)
    if kept is None:
        return "its definition was not kept by the version of Sluiceway that made it"
    source = project.sources.get(kept.source)
    if source is None or source.is_timeless:
        return f"its source {kept.source!r} is no longer declared"
    try:
        view = kept.again(digest, source)
        if view is None:
            return f"its source {kept.source!r} is declared otherwise now"
        check_view(dataset, view)
    except SluicewayError as error:
        return str(error)
    return view

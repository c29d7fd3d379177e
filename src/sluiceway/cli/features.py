"""``sluiceway features``: what features there are, and an entity's values, as served now or known at some moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter

from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.cli.answer import print_json, print_lines, print_table
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.entity_values import in_lines, pairs, typed, views_of
from sluiceway.cli.features_catalogue import list_, search, show
from sluiceway.cli.features_history import history, newest_facts
from sluiceway.cli.features_materialize import materialize
from sluiceway.cli.features_skew import skew
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.moment_given import moment_given
from sluiceway.core.discreet import MASK
from sluiceway.core.errors import MisuseError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.recall import current
from sluiceway.flow.reference import dataset_by_id
from sluiceway.plans.moments_sql import microseconds, moment_of
from sluiceway.workspace import Workspace

# The verbs that have modules of their own are called by this one's name as well.
__all__ = ["get", "history", "list_", "materialize", "search", "show", "skew"]


def get(
    *entities: Annotated[str, Parameter(help="column=value for each entity column, such as origin=JFK.")],
    as_of: Annotated[str | None, Parameter(help="Compute them offline, as they were known at this moment.")] = None,
    common: Common = HERE,
) -> int:
    """Read an entity's features from the online store, as a service would, or compute those of some moment.

    Exits 1 where the store has lost some of the views, and shows the others.
    """
    workspace = Workspace.open(common.project)
    features = materialised(workspace)
    given = pairs(entities)
    with stdout_aside():
        every = workspace.kit.reader.load().pipeline.feature_views
    views, lost = views_of(given, every), list[str]()
    if as_of is None:
        views, lost = held(views, features, workspace)
        keys, moment, read = online(views, given, features, workspace)
    else:
        keys, moment, read = offline(views, given, as_of, workspace)
    hidden = features.contract.unlogged
    values = {name: MASK if name in hidden and value is not None else value for name, value in read.items()}
    if common.json:
        print_json({"entity": keys, "as_of": moment, "features": values, "lost": lost})
        return int(bool(lost))
    print_table(("feature", "value"), list(in_lines(views, values)))
    for view in views:
        if all(values[column] is None for column in view.columns):
            told = ", ".join(f"{name}={keys[name]}" for name in view.entities)
            print_lines(f"{view.name} knows nothing of {told}")
    for name in lost:
        print_lines(f"{name} is not in the online store; {filled_by(name, every)}")
    return int(bool(lost))


Read = tuple[dict[str, Any], datetime, Mapping[str, Any]]


def held(
    views: Sequence[FeatureView], features: FeatureSet, workspace: Workspace
) -> tuple[list[FeatureView], list[str]]:
    """Part views into those that the store holds, of this feature set or a later moment, and the names of the others.

    Raises:
        MisuseError: it holds none of them.
    """
    from sluiceway.flow.held_views import held_of

    kit = workspace.kit
    there = [
        view
        for view in views
        if held_of(view, kit) is not None or kit.online.snapshot(view.digest) == features.snapshots.get(view.name)
    ]
    lost = [view.name for view in views if view not in there]
    if not there:
        told = "; ".join(f"{name}: {filled_by(name, views)}" for name in lost)
        raise MisuseError(f"the online store holds nothing of this feature set; {told}")
    return there, lost


def filled_by(name: str, views: Sequence[FeatureView]) -> str:
    """Say what fills a view that the store has lost."""
    is_streamed = any(view.name == name and view.source.stream is not None for view in views)
    return f"sluiceway {'run' if is_streamed else 'features materialize'} fills it"


def online(views: Sequence[FeatureView], given: dict[str, str], features: FeatureSet, workspace: Workspace) -> Read:
    """Read what the store holds of views that it does hold."""
    from sluiceway.flow.held_views import held_of
    from sluiceway.online.reader import OnlineReader
    from sluiceway.plans.served_view import served

    kit = workspace.kit
    moments = [found.cutoff for view in views if (found := held_of(view, kit)) is not None]
    cutoff = max([microseconds(features.cutoff), *moments])
    keys = typed(given, views, dataset_by_id(features.dataset, kit))
    reader = OnlineReader([served(view) for view in views], kit.online, now_us=lambda: cutoff)
    return keys, moment_of(cutoff), reader.read({name: [value] for name, value in keys.items()})[0].features


def offline(views: Sequence[FeatureView], given: dict[str, str], as_of: str, workspace: Workspace) -> Read:
    """Compute what was known at a moment, by the newest dataset."""
    from sluiceway.features.history import values_at

    moment = moment_given(as_of, "--as-of")
    facts = newest_facts(workspace, moment)
    keys = typed(given, views, facts.dataset)
    found: dict[str, Any] = {}
    for view in views:
        found |= values_at(facts, view, keys, [microseconds(moment)]).drop_columns(["_at"]).to_pylist()[0]
    return keys, moment, found


def materialised(workspace: Workspace) -> FeatureSet:
    """Find the newest feature set.

    Raises:
        MisuseError: there is none yet.
    """
    features = current("features", workspace.kit)
    if not isinstance(features, FeatureSet):
        raise MisuseError("no features have been made yet; run `sluiceway run --until features` first")
    return features

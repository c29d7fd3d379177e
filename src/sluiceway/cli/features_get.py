"""``sluiceway features get``: an entity's values, as they are served now or were known at some moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter

from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.cli.answer import print_json, print_lines, print_table
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.entity_values import in_lines, pairs, typed, views_of
from sluiceway.cli.features_history import newest_facts
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.moment_given import moment_given
from sluiceway.core.digest import plain_fields
from sluiceway.core.discreet import MASK
from sluiceway.core.errors import MisuseError, UnknownEntityError
from sluiceway.core.moments import iso
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.recall import current
from sluiceway.flow.reference import dataset_by_id
from sluiceway.plans.moments_sql import microseconds, moment_of
from sluiceway.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Moments:
    """A view's own times: what its values are of, through when they know all, when the entity's were written."""

    as_of: datetime | None
    known_through: datetime
    written: datetime | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: an entity's typed keys, the moment it was asked for, values, and each view's times.

    A view that does not know the entity has no times.
    """

    keys: dict[str, Any]
    moment: datetime
    values: Mapping[str, Any]
    views: dict[str, Moments | None]


def get(
    *entities: Annotated[str, Parameter(help="column=value for each entity column, such as origin=JFK.")],
    as_of: Annotated[
        str | None,
        Parameter(help="Compute them offline, as known at this moment; else the store is read as of the present."),
    ] = None,
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
        read = online(views, given, features, workspace)
    else:
        read = offline(views, given, as_of, workspace)
    unknown = [name for name, moments in read.views.items() if moments is None]
    if len(unknown) == len(views) and not lost:
        raise unknown_entity(read, views, workspace)
    hidden = hidden_features(features, workspace)
    values = {name: MASK if name in hidden and value is not None else value for name, value in read.values.items()}
    if common.json:
        told = {name: plain_fields(moments) for name, moments in read.views.items() if moments is not None}
        answer = {"entity": read.keys, "as_of": read.moment, "features": values, "views": told}
        print_json({**answer, "unknown": unknown, "lost": lost})
        return int(bool(lost))
    print_table(("feature", "value"), list(in_lines(views, values)))
    print_lines("", *(view_line(view, read) for view in views))
    for name in lost:
        print_lines(f"{name} is not in the online store; {filled_by(name, every)}")
    return int(bool(lost))


def view_line(view: FeatureView, read: Read) -> str:
    """Say of what moment a view's values are.

    Where a time is missing, as for a view that a stream keeps up, it is not the store's as a whole to tell.
    """
    moments = read.views[view.name]
    if moments is None:
        return f"{view.name}: knows nothing of {written_out({name: read.keys[name] for name in view.entities})}"
    as_of = f"as of {iso(moments.as_of)}, " if moments.as_of else ""
    expired = ""
    if view.ttl and all(read.values[column] is None for column in view.columns):
        expired = f"; nothing of the last {view.ttl} before {iso(read.moment)}"
    return f"{view.name}: {as_of}knows all through {iso(moments.known_through)}{expired}"


def written_out(keys: Mapping[str, Any]) -> str:
    """Write an entity as people type it."""
    return ", ".join(f"{name}={value}" for name, value in keys.items())


def unknown_entity(read: Read, views: Sequence[FeatureView], workspace: Workspace) -> UnknownEntityError:
    """Make the error that says that nobody knows an entity: yet, or at all, with those of nearly that name."""
    from sluiceway.flow.near_entities import first_known, near_entities

    first = first_known(newest_facts(workspace, read.moment), views, read.keys)
    later = iso(moment_of(first)) if first is not None and first > microseconds(read.moment) else ""
    near = [] if later else near_entities(workspace.kit, views, read.keys)
    return UnknownEntityError(written_out(read.keys), [view.name for view in views], iso(read.moment), near, later)


def hidden_features(features: FeatureSet, workspace: Workspace) -> frozenset[str]:
    """Name the features of which no value is shown, also those that came with a view's newest definition."""
    from sluiceway.flow.hidden_columns import hidden_columns
    from sluiceway.plans.sensitive_features import sensitive_features

    now = sensitive_features(workspace.kit.reader.load().pipeline, (), hidden_columns(workspace.kit))
    return frozenset({*features.contract.unlogged, *now})


def held(
    views: Sequence[FeatureView], features: FeatureSet, workspace: Workspace
) -> tuple[list[FeatureView], list[str]]:
    """Part views into those that the store holds, of this feature set or a later moment, and the names of the others.

    What a stream has filled is there, whether a run has filled it too or not.

    Raises:
        MisuseError: it holds none of them.
    """
    from sluiceway.flow.held_views import held_of
    from sluiceway.flow.kept_by_streams import is_kept_by_a_stream

    kit = workspace.kit
    there = [
        view
        for view in views
        if held_of(view, kit) is not None
        or kit.online.snapshot(view.digest) == features.snapshots.get(view.name)
        or is_kept_by_a_stream(view, kit)
    ]
    lost = [view.name for view in views if view not in there]
    if not there:
        told = "; ".join(f"{name}: {filled_by(name, views)}" for name in lost)
        raise MisuseError(f"the online store holds nothing of this feature set; {told}")
    return there, lost


def filled_by(name: str, views: Sequence[FeatureView]) -> str:
    """Say what fills a view that the store has lost."""
    is_streamed = any(view.name == name and view.source.stream is not None for view in views)
    return f"sluiceway {'run, or stream run,' if is_streamed else 'features materialize'} fills it"


def online(views: Sequence[FeatureView], given: dict[str, str], features: FeatureSet, workspace: Workspace) -> Read:
    """Read what the store holds of views that it does hold, as a server would at the present."""
    from sluiceway.flow.held_views import held_of
    from sluiceway.online.reader import OnlineReader
    from sluiceway.plans.served_view import served

    kit, present = workspace.kit, workspace.present
    keys = typed(given, views, dataset_by_id(features.dataset, kit))
    reader = OnlineReader([served(view) for view in views], kit.online, now_us=lambda: microseconds(present))
    row = reader.read({name: [value] for name, value in keys.items()})[0]
    moments: dict[str, Moments | None] = {}
    for view in views:
        stamped, found = row.views[view.name], held_of(view, kit)
        whole = None if view.source.stream else features.cutoff if found is None else moment_of(found.cutoff)
        moments[view.name] = None
        if stamped is not None:
            _, written, through = stamped
            moments[view.name] = Moments(whole, moment_of(through), moment_of(written))
    return Read(keys, present, row.features, moments)


def offline(views: Sequence[FeatureView], given: dict[str, str], as_of: str, workspace: Workspace) -> Read:
    """Compute what was known at a moment, by the newest dataset."""
    from sluiceway.features.history import known_from_until, values_at
    from sluiceway.plans.snapshot import window_end
    from sluiceway.plans.window_groups import window_features

    moment = moment_given(as_of, "--as-of")
    facts = newest_facts(workspace, moment)
    keys = typed(given, views, facts.dataset)
    found: dict[str, Any] = {}
    moments: dict[str, Moments | None] = {}
    for view in views:
        own = values_at(facts, view, keys, [facts.cutoff]).drop_columns(["_at"]).to_pylist()[0]
        found |= own
        through = window_end(view, facts.cutoff) if window_features(view) else facts.cutoff
        is_known = (
            any(value is not None for value in own.values()) or known_from_until(facts, view, keys)[0] is not None
        )
        moments[view.name] = Moments(moment, moment_of(through)) if is_known else None
    return Read(keys, moment, found, moments)


def materialised(workspace: Workspace) -> FeatureSet:
    """Find the newest feature set.

    Raises:
        MisuseError: there is none yet.
    """
    features = current("features", workspace.kit)
    if not isinstance(features, FeatureSet):
        raise MisuseError("no features have been made yet; run `sluiceway run --until features` first")
    return features

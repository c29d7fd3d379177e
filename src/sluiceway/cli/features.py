"""``sluiceway features``: what features there are, and an entity's values as served now."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.cli.answer import print_json, print_lines, print_table
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.features_catalogue import list_, search, show
from sluiceway.cli.features_skew import skew
from sluiceway.cli.flags import HERE, Common
from sluiceway.core.discreet import MASK
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.recall import current
from sluiceway.flow.reference import dataset_by_id
from sluiceway.plans.moments_sql import microseconds
from sluiceway.workspace import Workspace

# The verbs that have modules of their own are called by this one's name as well.
__all__ = ["get", "list_", "search", "show", "skew"]


def get(
    *entities: Annotated[str, Parameter(help="column=value for each entity column, such as origin=JFK.")],
    common: Common = HERE,
) -> int:
    """Read an entity's features from the online store, as a service would."""
    from sluiceway.online.reader import OnlineReader
    from sluiceway.plans.served_view import served

    workspace = Workspace.open(common.project)
    features = materialised(workspace)
    given = dict(pair(text) for text in entities)
    if len(given) < len(entities):
        raise MisuseError("an entity column is given twice; give each once")
    with stdout_aside():
        every = workspace.kit.reader.load().pipeline.feature_views
    unknown = sorted(set(given) - {name for view in every for name in view.entities})
    if unknown:
        raise UnknownNameError("entity", unknown[0], sorted({name for view in every for name in view.entities}))
    views = [view for view in every if set(view.entities) <= set(given)]
    if not views:
        wanted = " or ".join(sorted({", ".join(view.entities) for view in every}))
        raise MisuseError(f"no view has the entity ({', '.join(given)}); give {wanted}")
    for view in views:
        if workspace.kit.online.snapshot(view.digest) != features.snapshots.get(view.name):
            raise MisuseError(f"the online store does not hold {view.name} of this feature set; sluiceway run fills it")
    keys = typed(given, views, dataset_by_id(features.dataset, workspace.kit))
    cutoff = microseconds(features.cutoff)
    reader = OnlineReader([served(view) for view in views], workspace.kit.online, now_us=lambda: cutoff)
    read = reader.read({name: [value] for name, value in keys.items()})[0].features
    hidden = features.contract.unlogged
    values = {name: MASK if name in hidden and value is not None else value for name, value in read.items()}
    if common.json:
        print_json({"entity": keys, "as_of": features.cutoff, "features": values})
        return 0
    print_table(("feature", "value"), list(values.items()))
    for view in views:
        if all(values[column] is None for column in view.columns):
            told = ", ".join(f"{name}={keys[name]}" for name in view.entities)
            print_lines(f"{view.name} knows nothing of {told}")
    return 0


def typed(given: dict[str, str], views: Sequence[FeatureView], dataset: DatasetVersion) -> dict[str, Any]:
    """Read each entity's value as its column's kind.

    Raises:
        MisuseError: a value is not of that kind.
    """
    kinds = {column.name: column.type for view in views for column in dataset.table(view.source.name).columns}
    return {name: value_of(name, text, kinds.get(name, "text")) for name, text in given.items()}


def value_of(name: str, text: str, kind: str) -> object:
    """Read one value.

    Raises:
        MisuseError: it is no whole number where the column holds whole numbers.
    """
    if kind == "boolean":
        return text.lower() == "true"
    try:
        return int(text) if kind == "integer" else text
    except ValueError:
        raise MisuseError(f"{name}={text!r}: {name} is a whole number") from None


def pair(text: str) -> tuple[str, str]:
    """Read ``column=value``.

    Raises:
        MisuseError: there is no equals sign.
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise MisuseError(f"{text!r} is not column=value; write it like origin=JFK")
    return name, value


def materialised(workspace: Workspace) -> FeatureSet:
    """Find the newest feature set.

    Raises:
        MisuseError: there is none yet.
    """
    features = current("features", workspace.kit)
    if not isinstance(features, FeatureSet):
        raise MisuseError("no features have been made yet; run `sluiceway run --until features` first")
    return features

"""``sluiceway features``: what features there are, and an entity's values as served now."""

from typing import Annotated, Any

from cyclopts import Parameter

from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.cli.answer import print_json, print_lines, print_table
from sluiceway.cli.flags import HERE, Common
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.core.moments import iso
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.recall import newest
from sluiceway.plans.moments_sql import microseconds
from sluiceway.workspace import Workspace


def list_(*, common: Common = HERE) -> int:
    """List the features of the newest feature set with their views, windows and sources."""
    workspace = Workspace.open(common.project)
    features = materialised(workspace)
    rows = [row for view in workspace.kit.reader.load().pipeline.feature_views for row in view_rows(view, features)]
    rest = [(column.name, column.origin, "", "", "", "") for column in features.columns if column.origin != "view"]
    names = ("feature", "view", "entity", "source", "over", "entities online")
    if common.json:
        print_json(
            {
                "feature_set": features.content_id,
                "cutoff": features.cutoff,
                "views": features.views,
                "features": [dict(zip(names, row, strict=True)) for row in [*rows, *rest]],
            }
        )
    else:
        counts = f"{features.counts.labelled:,} labelled rows, known until {iso(features.cutoff)}"
        print_lines(f"feature set {features.content_id[:12]}: {counts}", "")
        print_table(names, [*rows, *rest])
    return 0


def view_rows(view: FeatureView, features: FeatureSet) -> list[tuple[str, str, str, str, str, object]]:
    """One row per feature of a view."""
    online = features.online_rows.get(view.name, 0)
    entity = ", ".join(view.entities)
    return [
        (
            column,
            view.name,
            entity,
            view.source.name,
            feature.over or (f"latest, ttl {view.ttl}" if view.ttl else "latest"),
            online,
        )
        for column, feature in zip(view.columns, view.features, strict=True)
    ]


def get(
    *entities: Annotated[str, Parameter(help="column=value for each entity column, such as origin=JFK.")],
    common: Common = HERE,
) -> int:
    """Read an entity's features from the online store, as a service would."""
    from sluiceway.features.reader import OnlineReader

    workspace = Workspace.open(common.project)
    features = materialised(workspace)
    keys = dict(pair(text) for text in entities)
    views = [view for view in workspace.kit.reader.load().pipeline.feature_views if set(view.entities) <= set(keys)]
    if not views:
        known = sorted({name for view in workspace.kit.reader.load().pipeline.feature_views for name in view.entities})
        raise UnknownNameError("entity", next(iter(keys), ""), known)
    reader = OnlineReader(views, workspace.kit.online, now_us=lambda: microseconds(features.cutoff))
    values = reader.read({name: [value] for name, value in keys.items()})[0]
    if common.json:
        print_json({"entity": keys, "as_of": features.cutoff, "features": values})
    else:
        print_table(("feature", "value"), list(values.items()))
    return 0


def pair(text: str) -> tuple[str, Any]:
    """Read ``column=value``; a whole number is a number.

    Raises:
        MisuseError: there is no equals sign.
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise MisuseError(f"{text!r} is not column=value; write it like origin=JFK")
    return name, int(value) if value.lstrip("-").isdigit() else value


def materialised(workspace: Workspace) -> FeatureSet:
    """Find the newest feature set.

    Raises:
        MisuseError: there is none yet.
    """
    features = newest("features", workspace.kit)
    if not isinstance(features, FeatureSet):
        raise MisuseError("no features have been made yet; run `sluiceway run --until features` first")
    return features

"""``sluiceway check``: whether the declaration is whole, and fits the data."""

from sluiceway.cli.answer import print_json, print_lines
from sluiceway.cli.flags import HERE, Common
from sluiceway.workspace import Workspace


def check(*, common: Common = HERE) -> int:
    """Read the declaration, bind every name and type to the data's columns, and run nothing."""
    from sluiceway.spec.binding import bind
    from sluiceway.spec.parse import parse_spec

    kit = Workspace.open(common.project).kit
    project = kit.reader.load()
    spec = parse_spec(project.spec_text, path=project.pipeline.spec)
    binding = bind(project, spec, files=kit.files, engine=kit.engine)
    columns = {name: [[column.name, column.type] for column in found] for name, found in binding.columns.items()}
    if common.json:
        print_json({"ok": True, "sources": columns})
    else:
        width = max(len(name) for name in columns)
        print_lines(*(f"{name:<{width}}  {len(found):>3} columns" for name, found in columns.items()))
        views = project.pipeline.feature_views
        features = sum(len(view.columns) for view in views) + len(project.pipeline.request_columns)
        print_lines(f"✓ {len(columns)} sources, {len(views)} views, {features} features: everything fits")
    return 0

"""``sluiceway check``: whether the declaration is whole, and fits the data."""

from sluiceway.cli.answer import print_json, print_lines
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import criterion_line
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.workspace import Workspace


def check(*, common: Common = HERE) -> int:
    """Read the declaration, bind every name and type to the data's columns, and run nothing."""
    from sluiceway.flow.accepted import accepted_columns
    from sluiceway.flow.discreetly import without_values
    from sluiceway.flow.extracting import columns_at_origin
    from sluiceway.flow.material import sensitive_names
    from sluiceway.spec.binding import bind
    from sluiceway.spec.gate import gate
    from sluiceway.spec.run import run

    workspace = Workspace.open(common.project)
    kit = workspace.kit
    with stdout_aside():
        project = kit.reader.load()
    with without_values(project.words, is_discreet=bool(sensitive_names(project))):
        landed = columns_at_origin(project, kit)
    accepted = accepted_columns(kit)
    promise = run(project, files=kit.files, engine=kit.engine, landed=landed, accepted=accepted)
    binding = bind(project, promise.spec, files=kit.files, engine=kit.engine, landed=landed, accepted=accepted)
    verdict = gate(promise, promise, NO_OVERRIDES, kit.clock.now())
    columns = {name: [[column.name, column.type] for column in found] for name, found in binding.columns.items()}
    if common.json:
        closed = [criterion.as_json() for criterion in verdict.closed]
        print_json({"ok": verdict.is_open, "sources": columns, "closed": closed})
    else:
        width = max(len(name) for name in columns)
        print_lines(*(f"{name:<{width}}  {len(found):>3} columns" for name, found in columns.items()))
        views = project.pipeline.feature_views
        features = sum(len(view.columns) for view in views) + len(project.pipeline.request_columns)
        told = f"{len(columns)} sources, {len(views)} views, {features} features"
        lines = [criterion_line(criterion.as_json()) for criterion in verdict.closed]
        print_lines(f"✓ {told}: everything fits" if verdict.is_open else f"✗ {told}: gate 1 will stop", *lines)
    return int(not verdict.is_open)

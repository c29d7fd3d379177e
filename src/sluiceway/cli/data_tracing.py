"""``sluiceway data blame`` and ``lineage``: what a file reached, and what a column is made from and goes into."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.cli.answer import print_json, print_lines, warn
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import HERE, Common
from sluiceway.core.errors import SluicewayError
from sluiceway.core.moments import iso
from sluiceway.flow.blame import Blame, Deployment, ReachedArtifact
from sluiceway.flow.blame import blame as blamed
from sluiceway.flow.column_lineage import ColumnLineage, Traced, Use
from sluiceway.flow.newest_dataset import newest_version
from sluiceway.workspace import Workspace

WORDS = {
    "validate": "validation reports",
    "features": "feature sets",
    "baseline": "baselines",
    "train": "models trained",
    "evaluate": "candidates",
    "deploy": "rehearsals judged",
    "replay": "replays",
    "observe": "health reports",
}
SHORT, MOST = 12, 8


def blame(
    file: Annotated[str, Parameter(help="A source file's path in the project, or its SHA-256.")],
    *,
    common: Common = HERE,
) -> int:
    """Show every version, source, feature, model and deployment that a file reached."""
    workspace = Workspace.open(common.project)
    found = blamed(relative(file, workspace.folder), workspace.kit)
    traced = traced_from(found, workspace)
    if common.json:
        print_json({"blame": found, "columns_now": traced})
    else:
        print_lines(*blame_lines(found, traced))
    return 0


def relative(file: str, folder: Path) -> str:
    """Name a file as versions do: by its path below the project's folder."""
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(folder.resolve()):
        path = path.relative_to(folder.resolve())
    return path.as_posix()


def traced_from(found: Blame, workspace: Workspace) -> list[Traced]:
    """Trace the columns of the sources that hold a file now, as far as the declaration can still be read."""
    try:
        lineage = lineage_of(workspace)
    except SluicewayError as error:
        warn(f"columns are not traced: {error}")
        return []
    return [lineage.from_source(source) for source in found.versions[-1].sources]


def blame_lines(found: Blame, traced: Sequence[Traced]) -> Iterator[str]:
    """Say what a file reached, from the data to who was answered."""
    yield f"{found.file} reached {len(found.versions)} dataset version{'s' * (len(found.versions) != 1)}"
    for version in found.versions:
        behind = f" -> {', '.join(version.derived)}" if version.derived else ""
        whence = f"{', '.join(version.sources)}{behind}"
        yield f"  {version.version}  {version.recorded_at[:19]}  sha256 {version.sha256[:SHORT]}  {whence}"
    yield from feature_lines(traced)
    for node, words in WORDS.items():
        made = [each for each in found.artifacts if each.node == node]
        if made:
            yield f"{len(made)} {words}: {shortened(made)}"
    for model in found.models:
        yield f"model {model.name} v{model.version}, trained on {model.dataset[:SHORT]}"
    yield from (deployment_line(each, whole=found.all_requests) for each in found.deployments)
    if not found.models:
        yield "no registered model, and nobody was answered"


def feature_lines(traced: Sequence[Traced]) -> Iterator[str]:
    """Name what the declaration makes of the file's columns now."""
    for each in traced:
        names = [f"{use.name} ({use.kind})" if use.kind != "feature" else use.name for use in each.uses]
        more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
        if names:
            yield f"goes into {', '.join(names[:MOST])}{more}"
        yield from (f"  {source} cannot be traced: {why}" for source, why in each.untraceable.items())


def shortened(made: Sequence[ReachedArtifact]) -> str:
    """Name the newest of several artifacts."""
    names = [each.content_id[:SHORT] for each in made[-MOST:]]
    return f"{'… ' if len(made) > MOST else ''}{', '.join(names)}"


def deployment_line(each: Deployment, *, whole: bool) -> str:
    """Say who was answered by what, from when until when."""
    until = iso(each.until)[:16] if each.until else "now"
    counted = f"{'' if whole or each.scope != LIVE else 'at least '}{each.requests:,} rows answered"
    share = f" of up to {each.share:.0%}" if each.role == "challenger" else ""
    return f"{each.scope} {each.version} {each.role}{share}: {iso(each.since)[:16]} to {until}, {counted}"


def lineage(
    name: Annotated[str, Parameter(help="SOURCE.COLUMN, or the name of a feature, an input or the label.")],
    *,
    common: Common = HERE,
) -> int:
    """Show which columns of files something is made from, and what is made from it."""
    found = lineage_of(Workspace.open(common.project))
    source, dot, column = name.partition(".")
    traced = found.of_column(source, column) if dot else found.of_use(name)
    if common.json:
        print_json(traced)
    else:
        print_lines(*lineage_lines(traced))
    return 0


def lineage_of(workspace: Workspace) -> ColumnLineage:
    """Read the declaration, and set it beside the newest version.

    Raises:
        MisuseError: nothing was ingested yet.
        DeclarationError: the declaration has problems.
    """
    version = newest_version(workspace.kit)
    with stdout_aside():
        project = workspace.kit.reader.load()
    return ColumnLineage(project, version)


def lineage_lines(traced: Traced) -> Iterator[str]:
    """Say both directions, a column a line."""
    yield traced.name
    yield from (f"  <- {source}.{column}" for source, column in traced.raw)
    yield from (f"  -> {source}.{column}" for source, column in traced.columns)
    yield from (f"  => {use_words(use)}" for use in traced.uses if use.name != traced.name)
    if not traced.raw and not traced.columns and not any(use.name != traced.name for use in traced.uses):
        rows = next((use.rows_of for use in traced.uses if use.rows_of), "")
        yield f"  <- the rows of {rows}" if rows else "  comes from nothing else, and nothing is made from it"
    yield from (f"  {source} cannot be traced: {why}" for source, why in traced.untraceable.items())


def use_words(use: Use) -> str:
    """Name a use with what it is."""
    return f"{use.kind} {use.name}"

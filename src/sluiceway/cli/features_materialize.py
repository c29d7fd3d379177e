"""``sluiceway features materialize``: online views brought up to the present, between two runs."""

from typing import Annotated

from cyclopts import Parameter

from sluiceway.adapters.project_lock import ProjectLock
from sluiceway.cli.answer import print_json, print_lines
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.features_skew import Told
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.moment_given import moment_given
from sluiceway.cli.watching import seconds
from sluiceway.core.digest import plain_fields
from sluiceway.core.moments import iso
from sluiceway.workspace import Workspace


def materialize(
    *,
    view: Annotated[
        list[str] | None, Parameter(help="Only this view; may be given several times.", negative=())
    ] = None,
    as_of: Annotated[str | None, Parameter(help="Up to which moment all is known; by default the present.")] = None,
    back: Annotated[
        bool, Parameter(help="Let views know less again, where --as-of is before what they are of.", negative=())
    ] = False,
    wait: Annotated[str | None, Parameter(help="Wait so long for a run instead of refusing.")] = None,
    common: Common = HERE,
) -> int:
    """Bring online views up to the present: only entities that changed since, in one pass."""
    from sluiceway.flow.materialising import materialise_views, streamed_views

    workspace = Workspace.open(common.project, alerts=False)
    kit = workspace.kit
    cutoff = workspace.present if as_of is None else moment_given(as_of, "--as-of")
    found = []
    with (
        stdout_aside(),
        ProjectLock(workspace.state / "lock").hold("features materialize", seconds(wait) if wait else 0.0),
    ):
        project = kit.reader.load()
        streamed = [] if view else streamed_views(project)
        for done in materialise_views(kit, project, view or [], cutoff=cutoff, back=back, progress=Told()):
            found.append(done)
            Told().say(f"{done.view}: {done.written:,} written of {done.looked_at:,} looked at ({done.how})")
        for name in streamed:
            Told().say(f"{name}: left out, its stream keeps it up (sluiceway stream run)")
    if common.json:
        print_json({"as_of": cutoff, "views": [plain_fields(done) for done in found], "left_out": streamed})
    else:
        written = sum(done.written for done in found)
        print_lines(f"{len(found)} views as of {iso(cutoff)}: {written:,} values written")
    return 0

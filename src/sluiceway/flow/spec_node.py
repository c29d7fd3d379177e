"""Stage 1 as a node."""

from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Verdict
from sluiceway.flow.accepted import accepted_columns
from sluiceway.flow.extracting import landed_columns
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.stages import stage_named
from sluiceway.spec.gate import STAGE_VERSION, gate


def run(job: Job) -> Artifact:
    """Parse and bind."""
    from sluiceway.spec.run import run

    landed, accepted = landed_columns(job.project, job.kit), accepted_columns(job.kit)
    return run(job.project, files=job.kit.files, engine=job.kit.engine, landed=landed, accepted=accepted)


def present(kit: Kit, promise: Promise) -> bool:  # noqa: ARG001  (a promise points to nothing)
    """A promise is whole in itself."""
    return True


def page(kit: Kit, promise: Promise, verdict: Verdict, spec: Promise) -> str:
    """Write the promise's page."""
    from sluiceway.spec.page import write_page

    return write_page(promise, verdict, spec, objects=kit.objects)


SPEC = Node(
    "spec",
    stage_named("spec"),
    STAGE_VERSION,
    Promise,
    needs=(),
    reads="promise",
    run=run,
    present=present,
    by=("files",),
    gate=gate,
    page=page,
)

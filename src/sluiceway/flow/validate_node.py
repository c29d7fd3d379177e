"""Stage 3 as a node."""

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.validation_report import ValidationReport
from sluiceway.core.verdict import Verdict
from sluiceway.flow.discreetly import discreetly
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.stages import stage_named
from sluiceway.validate.gate import STAGE_VERSION, gate


def run(job: Job) -> Artifact:
    """Measure the data, beside the reference versions where there are any."""
    from sluiceway.flow.reference import datasets_by_id
    from sluiceway.validate.run import run

    kit, promise = job.kit, job.needs("spec", Promise)
    with discreetly(job):
        return run(
            job.needs("ingest", DatasetVersion),
            datasets_by_id(job.references, kit),
            project=job.project,
            as_of=job.settings.as_of,
            tables=kit.tables,
            objects=kit.objects,
            engine=kit.engine,
            progress=job.progress,
            hidden=promise.hidden,
        )


def present(kit: Kit, report: ValidationReport) -> bool:
    """Whether the report's details are there."""
    return kit.objects.has(report.json)


def page(kit: Kit, report: ValidationReport, verdict: Verdict, promise: Promise) -> str:
    """Write the report's page, with the verdict that was just given."""
    from sluiceway.validate.page import write_page

    return write_page(report, verdict, promise, objects=kit.objects)


def tell(kit: Kit, report: ValidationReport, verdict: Verdict, promise: Promise) -> None:
    """Say that the pipeline halts, where nobody was told of it on this dataset yet."""
    if verdict.is_open:
        return
    from sluiceway.validate import telling

    telling.tell(report, verdict, promise, alerter=kit.alerter, ledger=kit.ledger)


VALIDATE = Node(
    "validate",
    stage_named("validate"),
    STAGE_VERSION,
    ValidationReport,
    needs=("ingest",),
    reads="expectations",
    run=run,
    present=present,
    by=("as_of", "reference"),
    gate=gate,
    page=page,
    tell=tell,
)

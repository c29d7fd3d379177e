"""Stage 4 as a node."""

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.promise import Promise
from sluiceway.features.gate import STAGE_VERSION, gate
from sluiceway.flow.discreetly import discreetly
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.stages import stage_named


def run(job: Job) -> Artifact:
    """Build the training table and fill the online store."""
    from sluiceway.features.run import run

    require_store(job)
    kit, promise = job.kit, job.needs("spec", Promise)
    with discreetly(job):
        return run(
            job.needs("ingest", DatasetVersion),
            project=job.project,
            inputs=promise.spec.inputs,
            as_of=job.settings.as_of,
            tables=kit.tables,
            engine=kit.engine,
            elsewhere=kit.elsewhere,
            online=kit.online,
            progress=job.progress,
            clock=kit.clock,
            seed=job.settings.seed,
            hidden=promise.hidden,
            derived=kit.derived,
        )


def require_store(job: Job) -> None:
    """Find out that the online store answers, before what takes long is done for it.

    Raises:
        SluicewayError: it does not.
    """
    for view in job.project.pipeline.feature_views[:1]:
        job.kit.online.snapshot(view.digest)


def present(kit: Kit, features: FeatureSet) -> bool:
    """Whether the offline table is there, and every online view is that of this very set."""
    if not kit.tables.has(features.table):
        return False
    return all(kit.online.snapshot(features.views[view]) == mark for view, mark in features.snapshots.items())


FEATURES = Node(
    "features",
    stage_named("features"),
    STAGE_VERSION,
    FeatureSet,
    needs=("ingest",),
    reads="features",
    run=run,
    present=present,
    by=("as_of", "seed"),
    gate=gate,
)

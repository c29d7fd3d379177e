"""Stage 5 as three nodes: the baseline and the model side by side, then both before the evidence."""

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.promise import Promise
from sluiceway.core.digest import sha256_hex
from sluiceway.core.verdict import Verdict
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.stages import stage_named
from sluiceway.ledger.overriding import overrides
from sluiceway.train.gate import STAGE_VERSION, gate


def run_baseline(job: Job) -> Artifact:
    """Fit the model to beat."""
    from sluiceway.train.baseline import run

    return run(
        job.needs("features", FeatureSet),
        project=job.project,
        promise=job.needs("spec", Promise),
        tables=job.kit.tables,
        objects=job.kit.objects,
        progress=job.progress,
        seed=job.settings.seed,
        threads=job.settings.threads,
    )


def run_train(job: Job) -> Artifact:
    """Search, then fit the model."""
    from sluiceway.train.run import run

    return run(
        job.needs("features", FeatureSet),
        project=job.project,
        promise=job.needs("spec", Promise),
        tables=job.kit.tables,
        objects=job.kit.objects,
        progress=job.progress,
        seed=job.settings.seed,
        threads=job.settings.threads,
    )


def run_evaluate(job: Job) -> Artifact:
    """Score both on rows neither has seen, and train once more."""
    from sluiceway.train.evaluate import run

    return run(
        job.needs("train", ModelBundle),
        job.needs("baseline", ModelBundle),
        job.needs("features", FeatureSet),
        project=job.project,
        promise=job.needs("spec", Promise),
        tables=job.kit.tables,
        objects=job.kit.objects,
        progress=job.progress,
        seed=job.settings.seed,
        threads=job.settings.threads,
    )


def bundle_present(kit: Kit, bundle: ModelBundle) -> bool:
    """Whether the model is there, and is what was stored."""
    return kit.objects.has(bundle.onnx) and sha256_hex(kit.objects.get(bundle.onnx)) == bundle.onnx_sha256


def candidate_present(kit: Kit, candidate: Candidate) -> bool:
    """Whether both models and the curves are there."""
    bundles = (candidate.bundle, candidate.baseline)
    return all(bundle_present(kit, bundle) for bundle in bundles) and kit.objects.has(candidate.evaluation.curves)


def page(kit: Kit, candidate: Candidate, verdict: Verdict, promise: Promise) -> str:
    """Write the evaluation's page, with the verdict that was just given."""
    from sluiceway.train.page import write_page

    return write_page(candidate, verdict, promise, objects=kit.objects)


def publish(kit: Kit, candidate: Candidate, promise: Promise) -> dict[str, object]:
    """Record the run and register the model; return its name, its version, and the overrides that it rests upon."""
    from sluiceway.train.register import register

    now, recorded = kit.clock.now(), overrides(kit.ledger).recorded
    fitting = [one for one in recorded if one.subject == candidate.bundle.dataset and now < one.expires_at]
    excused = [one for one in fitting if one.gate <= TRAIN.number]  # later gates have not judged this model yet
    model = register(candidate, promise=promise, objects=kit.objects, tracker=kit.tracker)
    return {"model": model.name, "version": model.version, "overrides": [override.check for override in excused]}


def is_published(kit: Kit, candidate: Candidate) -> bool:
    """Whether the registry still knows the candidate."""
    return kit.tracker.knows(candidate.content_id)


TRAIN = stage_named("train")
BASELINE = Node(
    "baseline",
    TRAIN,
    STAGE_VERSION,
    ModelBundle,
    needs=("features",),
    reads="model",
    run=run_baseline,
    present=bundle_present,
    by=("seed", "threads"),
)
MODEL = Node(
    "train",
    TRAIN,
    STAGE_VERSION,
    ModelBundle,
    needs=("features",),
    reads="model",
    run=run_train,
    present=bundle_present,
    by=("seed", "threads"),
)
EVALUATE = Node(
    "evaluate",
    TRAIN,
    STAGE_VERSION,
    Candidate,
    needs=("features", "train", "baseline"),
    reads="evaluation",
    run=run_evaluate,
    present=candidate_present,
    by=("seed", "threads"),
    gate=gate,
    page=page,
    publish=publish,
    is_published=is_published,
)

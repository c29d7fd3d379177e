"""The graph: every node of every stage, and how each calls its stage. Stages are imported only when they work."""

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.validation_report import ValidationReport
from sluiceway.features.gate import STAGE_VERSION as FEATURES_VERSION
from sluiceway.features.gate import gate as features_gate
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.stages import stage_named
from sluiceway.ingest.gate import STAGE_VERSION as INGEST_VERSION
from sluiceway.ingest.gate import gate as ingest_gate
from sluiceway.spec.gate import STAGE_VERSION as SPEC_VERSION
from sluiceway.spec.gate import gate as spec_gate
from sluiceway.train.gate import STAGE_VERSION as TRAIN_VERSION
from sluiceway.train.gate import gate as train_gate
from sluiceway.validate.gate import STAGE_VERSION as VALIDATE_VERSION
from sluiceway.validate.gate import gate as validate_gate


def run_spec(job: Job) -> Artifact:
    """Stage 1."""
    from sluiceway.spec.run import run

    return run(job.project, files=job.kit.files, objects=job.kit.objects, engine=job.kit.engine)


def run_ingest(job: Job) -> Artifact:
    """Stage 2."""
    from sluiceway.ingest.run import run

    kit = job.kit
    with kit.scratch() as scratch:
        return run(
            job.project,
            files=kit.files,
            objects=kit.objects,
            tables=kit.tables,
            engine=kit.engine,
            progress=job.progress,
            scratch=scratch,
        )


def run_validate(job: Job) -> Artifact:
    """Stage 3."""
    from sluiceway.flow.reference import dataset_by_id
    from sluiceway.validate.run import run

    kit = job.kit
    return run(
        job.needs("ingest", DatasetVersion),
        dataset_by_id(job.reference, kit) if job.reference else None,
        project=job.project,
        promise=job.needs("spec", Promise),
        as_of=job.settings.as_of,
        tables=kit.tables,
        objects=kit.objects,
        engine=kit.engine,
        progress=job.progress,
    )


def run_features(job: Job) -> Artifact:
    """Stage 4."""
    from sluiceway.features.run import run

    kit = job.kit
    return run(
        job.needs("ingest", DatasetVersion),
        project=job.project,
        inputs=job.needs("spec", Promise).spec.inputs,
        as_of=job.settings.as_of,
        tables=kit.tables,
        engine=kit.engine,
        online=kit.online,
        progress=job.progress,
        seed=job.settings.seed,
    )


def run_baseline(job: Job) -> Artifact:
    """Stage 5: the model to beat."""
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
    """Stage 5: the search and the model."""
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
    """Stage 5: both on rows neither has seen, and the model trained once more."""
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


def inspect_dataset(kit: Kit, version: DatasetVersion) -> DatasetVersion:
    """Look at the stored bytes and the sources as they are now."""
    from sluiceway.ingest.integrity import inspected

    return inspected(version, files=kit.files, objects=kit.objects)


def publish_candidate(kit: Kit, candidate: Candidate, promise: Promise) -> dict[str, object]:
    """Record the run and register the model; return its name and version."""
    from sluiceway.train.register import register

    model = register(candidate, promise=promise, objects=kit.objects, tracker=kit.tracker)
    return {"model": model.name, "version": model.version}


def promise_present(kit: Kit, promise: Promise) -> bool:
    """Whether the pages are there."""
    return kit.objects.has(promise.markdown) and kit.objects.has(promise.html)


def dataset_present(kit: Kit, version: DatasetVersion) -> bool:
    """Whether the tables are there; stored files are the gate's to judge."""
    return all(kit.tables.has(table) for table in version.tables)


def report_present(kit: Kit, report: ValidationReport) -> bool:
    """Whether the reports are there."""
    return kit.objects.has(report.json) and kit.objects.has(report.html)


def features_present(kit: Kit, features: FeatureSet) -> bool:
    """Whether the offline table and every online view are there."""
    counts = features.online_rows.items()
    return kit.tables.has(features.table) and all(
        kit.online.count(features.views[view]) >= rows for view, rows in counts
    )


def bundle_present(kit: Kit, bundle: ModelBundle) -> bool:
    """Whether the model is there."""
    return kit.objects.has(bundle.onnx)


def candidate_present(kit: Kit, candidate: Candidate) -> bool:
    """Whether both models and the report are there."""
    keys = (candidate.bundle.onnx, candidate.baseline.onnx, candidate.evaluation.html)
    return all(kit.objects.has(key) for key in keys)


SPEC, INGEST, VALIDATE, FEATURES, TRAIN = (
    stage_named(name) for name in ("spec", "ingest", "validate", "features", "train")
)

GRAPH: tuple[Node, ...] = (
    Node("spec", SPEC, SPEC_VERSION, Promise, (), "promise", run_spec, promise_present, by=("files",), gate=spec_gate),
    Node(
        "ingest",
        INGEST,
        INGEST_VERSION,
        DatasetVersion,
        (),
        "sources",
        run_ingest,
        dataset_present,
        by=("files",),
        gate=ingest_gate,
        inspect=inspect_dataset,
    ),
    Node(
        "validate",
        VALIDATE,
        VALIDATE_VERSION,
        ValidationReport,
        ("ingest",),
        "expectations",
        run_validate,
        report_present,
        by=("as_of", "reference"),
        gate=validate_gate,
    ),
    Node(
        "features",
        FEATURES,
        FEATURES_VERSION,
        FeatureSet,
        ("ingest",),
        "features",
        run_features,
        features_present,
        by=("as_of", "seed"),
        gate=features_gate,
    ),
    Node(
        "baseline",
        TRAIN,
        TRAIN_VERSION,
        ModelBundle,
        ("features",),
        "model",
        run_baseline,
        bundle_present,
        by=("seed", "threads"),
    ),
    Node(
        "train",
        TRAIN,
        TRAIN_VERSION,
        ModelBundle,
        ("features",),
        "model",
        run_train,
        bundle_present,
        by=("seed", "threads"),
    ),
    Node(
        "evaluate",
        TRAIN,
        TRAIN_VERSION,
        Candidate,
        ("features", "train", "baseline"),
        "model",
        run_evaluate,
        candidate_present,
        by=("seed", "threads"),
        gate=train_gate,
        publish=publish_candidate,
    ),
)

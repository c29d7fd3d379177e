"""Register: tell the tracker of a candidate whose gate is open."""

from collections.abc import Mapping
from dataclasses import asdict

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.promise import Promise
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.tracker import RegisteredModel, TrackedRun, Tracker

ALIAS = "candidate"


def register(candidate: Candidate, *, promise: Promise, objects: ObjectStore, tracker: Tracker) -> RegisteredModel:
    """Record the run, register the model under the problem's name, and point ``candidate`` at it; may be repeated."""
    name = promise.spec.problem.name
    tracker.record(tracked_run(candidate, experiment=name, objects=objects))
    registered = tracker.register(
        name, identity=candidate.content_id, bundle=candidate.bundle.content_id, tags=tags_of(candidate)
    )
    if ALIAS not in registered.aliases:
        tracker.alias(name, registered.version, ALIAS)
    return next(each for each in tracker.versions(name) if each.version == registered.version)


def tracked_run(candidate: Candidate, *, experiment: str, objects: ObjectStore) -> TrackedRun:
    """Gather what people compare runs by."""
    bundle, evaluation = candidate.bundle, candidate.evaluation
    return TrackedRun(
        experiment=experiment,
        identity=candidate.content_id,
        params={name: str(value) for name, value in bundle.params.items()} | {"seed": str(bundle.seed)},
        metrics=metrics_of(candidate),
        tags=tags_of(candidate),
        files={"model/model.onnx": objects.get(bundle.onnx), "evaluation.json": objects.get(evaluation.curves)},
    )


def metrics_of(candidate: Candidate) -> Mapping[str, float]:
    """Name every metric of the holdout: ``holdout_roc_auc`` is the model's, ``baseline_roc_auc`` the baseline's."""
    sides = {"holdout": candidate.evaluation.holdout, "baseline": candidate.evaluation.baseline_holdout}
    return {f"{side}_{name}": float(value) for side, scores in sides.items() for name, value in asdict(scores).items()}


def tags_of(candidate: Candidate) -> Mapping[str, str]:
    """Say where a model came from."""
    bundle = candidate.bundle
    return {
        "dataset": bundle.dataset,
        "feature_set": bundle.feature_set,
        "threshold": repr(bundle.threshold),
        "onnx_sha256": bundle.onnx_sha256,
        "estimator": bundle.estimator,
    }

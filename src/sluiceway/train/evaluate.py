"""Stage 5, the evidence: model and baseline on rows that neither has seen, and the model trained once more."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.evaluation import Evaluation, Metrics, Reproduction
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.promise import Promise
from sluiceway.core.digest import sha256_hex
from sluiceway.declare.project import Project
from sluiceway.declare.spec import Spec
from sluiceway.pages.evaluation_page import Curves
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress
from sluiceway.ports.table_store import TableStore
from sluiceway.stats.calibration import reliability
from sluiceway.stats.classification import Curve, cost_curve, precision_recall_curve, roc_curve
from sluiceway.train.baseline import train_baseline
from sluiceway.train.fitting import Fit
from sluiceway.train.frame import Frame, load_frame
from sluiceway.train.metrics import measure
from sluiceway.train.parity import parity
from sluiceway.train.run import train_model
from sluiceway.train.scoring import exported_probability
from sluiceway.train.single_feature import single_feature_auc
from sluiceway.train.slices import slice_scores
from sluiceway.train.split import Sides, split
from sluiceway.train.split_report import split_report


@dataclass(frozen=True, slots=True)
class Scored:
    """A bundle's probabilities on the holdout, shape ``(rows,)``, and its metrics."""

    probability: NDArray[np.float64]
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of both sides."""

    train: Frame
    holdout: Frame
    sides: Sides


@dataclass(frozen=True, slots=True)
class Retrained:
    """Model and baseline trained once more from what their bundles say."""

    model: Fit
    baseline: Fit


def run(  # noqa: PLR0913 - a stage takes its ports one by one
    bundle: ModelBundle,
    baseline: ModelBundle,
    features: FeatureSet,
    *,
    project: Project,
    promise: Promise,
    tables: TableStore,
    objects: ObjectStore,
    progress: Progress,
    seed: int,  # noqa: ARG001 - the bundles say from which seed they came
    threads: int,
) -> Candidate:
    """Score both exported models on the holdout, train both again, and look for leaks.

    Raises:
        TrainingError: a model cannot be trained again, or gives something that is no probability.
        UnknownNameError: the spec slices by something that is no column of the model.
    """
    frame = load_frame(features, tables)
    sides = split(frame, project.pipeline)
    rows = Rows(frame.take(sides.train), frame.take(sides.holdout), sides)
    progress.say(f"scoring {len(rows.holdout):,} holdout rows")
    model, other = (score(each, rows.holdout, objects=objects, spec=promise.spec) for each in (bundle, baseline))
    progress.say("training both again")
    again = retrained(bundle, baseline, rows.train, project=project, threads=threads)
    progress.say("looking for leaks")
    drawn = {"model": model, "baseline": other}
    found = evidence(bundle, baseline, model, other, rows=rows, again=again, spec=promise.spec)
    key = f"reports/evaluation-{found.content_id[:12]}.json"
    objects.put(key, encode({role: curves(each, rows, promise.spec) for role, each in drawn.items()}))
    return Candidate(bundle, baseline, replace(found, curves=key), features.time_audit)


def score(bundle: ModelBundle, holdout: Frame, *, objects: ObjectStore, spec: Spec) -> Scored:
    """Score the exported model as it is stored."""
    probability = exported_probability(objects.get(bundle.onnx), holdout, what=f"the {bundle.role}")
    return Scored(probability, measure(holdout.y, probability, spec))


def retrained(bundle: ModelBundle, baseline: ModelBundle, train: Frame, *, project: Project, threads: int) -> Retrained:
    """Train both again from the bundles' hyperparameters and seeds."""
    pipeline = project.pipeline
    return Retrained(
        train_model(pipeline.model, bundle.params, train, seed=bundle.seed, threads=threads),
        train_baseline(pipeline, train, seed=baseline.seed, threads=threads),
    )


def evidence(
    bundle: ModelBundle,
    baseline: ModelBundle,
    model: Scored,
    other: Scored,
    *,
    rows: Rows,
    again: Retrained,
    spec: Spec,
) -> Evaluation:
    """Gather everything that the gate judges; the curves come later."""
    limit = spec.acceptance.max_onnx_difference
    return Evaluation(
        bundle=bundle.content_id,
        baseline=baseline.content_id,
        feature_set=bundle.feature_set,
        holdout=model.metrics,
        baseline_holdout=other.metrics,
        slices=slice_scores(rows.holdout, model.probability, other.probability, acceptance=spec.acceptance),
        split=split_report(rows.train, rows.holdout, rows.sides),
        parity=parity(again.model, rows.holdout, limit=limit, what="the model, trained again"),
        baseline_parity=parity(again.baseline, rows.holdout, limit=limit, what="the baseline, trained again"),
        reproduction=reproduction(bundle, baseline, model.metrics, again=again, holdout=rows.holdout, spec=spec),
        single_feature_auc=single_feature_auc(rows.train),
        curves="",
    )


def reproduction(
    bundle: ModelBundle, baseline: ModelBundle, metrics: Metrics, *, again: Retrained, holdout: Frame, spec: Spec
) -> Reproduction:
    """Compare the second trainings with the first ones, to the last bit; ``metrics`` are the model's."""
    probability = exported_probability(again.model.onnx, holdout, what="the model, trained again")
    second = measure(holdout.y, probability, spec)
    names = [field.name for field in fields(Metrics)]
    unequal = tuple(name for name in names if getattr(metrics, name) != getattr(second, name))
    return Reproduction(
        unequal,
        same_bytes=sha256_hex(again.model.onnx) == bundle.onnx_sha256,
        baseline_same_bytes=sha256_hex(again.baseline.onnx) == baseline.onnx_sha256,
    )


def curves(scored: Scored, rows: Rows, spec: Spec) -> Curves:
    """Take one model's curves, for the page."""
    truth, probability = rows.holdout.y, scored.probability
    honest = reliability(truth, probability)
    price = cost_curve(
        truth, probability, false_negative=spec.costs.false_negative, false_positive=spec.costs.false_positive
    )
    return Curves(
        roc=_points(roc_curve(truth, probability)),
        precision_recall=_points(precision_recall_curve(truth, probability)),
        calibration=(honest.predicted.tolist(), honest.observed.tolist()),
        cost=_points(price),
    )


def _points(curve: Curve) -> tuple[list[float], list[float]]:
    return curve.x.tolist(), curve.y.tolist()

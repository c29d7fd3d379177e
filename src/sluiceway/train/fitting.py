"""Fitting: an estimator trained on rows, exported, and the export proven on a small sample beforehand."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.model_bundle import ModelBundle, Trial
from sluiceway.artifacts.promise import Promise
from sluiceway.core.digest import sha256_hex
from sluiceway.core.errors import TrainingError
from sluiceway.ports.object_store import ObjectStore
from sluiceway.train.estimator import Params, describe, settle
from sluiceway.train.fitted import find_fitted
from sluiceway.train.frame import Frame
from sluiceway.train.scoring import exported_probability, fitted_probability

REHEARSAL_ROWS = 200
# Above this the export is another model; differences of rounding, below it, are the gate's to judge.
REHEARSAL_DIFFERENCE = 1e-3


@dataclass(frozen=True, slots=True)
class Fit:
    """A trained estimator with its export; ``fitted_before`` names parts that were fitted when it was handed over."""

    estimator: Any
    onnx: bytes
    fitted_before: tuple[str, ...]
    rows: int


def fit(estimator: Any, rows: Frame, *, what: str) -> Any:
    """Train, with linear algebra on one thread for good: on more, sums and so the model depend on the machine's cores.

    Raises:
        TrainingError: the estimator's own ``fit`` failed.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    threadpool_limits(1, user_api="blas")
    try:
        return estimator.fit(rows.x, rows.y)
    except Exception as error:
        raise TrainingError(f"{what}: fit() raised {type(error).__name__}: {error}") from error


def fit_and_export(estimator: Any, rows: Frame, *, seed: int, threads: int, what: str) -> Fit:
    """Train on all rows given and export.

    Raises:
        TrainingError: the estimator failed to fit or to export.
    """
    from sluiceway.train.onnx_export import to_onnx

    before = find_fitted(estimator)
    trained = fit(settle(estimator, seed=seed, threads=threads), rows, what=what)
    try:
        return Fit(trained, to_onnx(trained, rows.columns), before, len(rows))
    except TrainingError as error:
        already = f" (its {', '.join(before)} was fitted before training, which leaks)" if before else ""
        raise TrainingError(f"{what}{already}: {error}") from error


def rehearse(estimator: Any, rows: Frame, *, seed: int, threads: int, what: str) -> None:
    """Train and export on 200 rows, before hours are spent on an estimator that could never be served.

    Raises:
        TrainingError: it does not fit or export, or its export predicts otherwise.
    """
    sample = few_of_each_class(rows, REHEARSAL_ROWS)
    made = fit_and_export(estimator, sample, seed=seed, threads=threads, what=what)
    ours = fitted_probability(made.estimator, sample, what=what)
    theirs = exported_probability(made.onnx, sample, what=what)
    apart = float(np.abs(ours - theirs).max())
    if not apart <= REHEARSAL_DIFFERENCE:
        raise TrainingError(
            f"{what}: {describe(estimator)} exports to ONNX, but the export's probabilities differ by up to "
            f"{apart:.3g} from its own on {len(sample)} training rows (at most {REHEARSAL_DIFFERENCE:g} is rounding); "
            "impute missing numbers if it does so by itself, or use another estimator"
        )


def few_of_each_class(rows: Frame, count: int) -> Frame:
    """Take ``count`` rows spread over time, half of them of each class where there are enough."""
    places = [np.flatnonzero(rows.y == value) for value in (0, 1)]
    half = count // 2
    few = [each[np.linspace(0, each.size - 1, min(half, each.size)).astype(np.int64)] for each in places]
    return rows.take(np.sort(np.concatenate(few)))


def bundled(  # noqa: PLR0913 - everything that a bundle tells
    made: Fit,
    features: FeatureSet,
    *,
    promise: Promise,
    objects: ObjectStore,
    role: str,
    params: Params,
    trials: tuple[Trial, ...],
    seed: int,
) -> ModelBundle:
    """Store the export under its own digest, and describe it."""
    digest = sha256_hex(made.onnx)
    key = f"models/{digest}.onnx"
    objects.put(key, made.onnx)
    return ModelBundle(
        name=promise.spec.problem.name,
        role=role,
        onnx=key,
        onnx_sha256=digest,
        size_bytes=len(made.onnx),
        columns=features.columns,
        threshold=promise.spec.threshold,
        views=dict(features.views),
        params=dict(params),
        trials=trials,
        feature_set=features.content_id,
        dataset=features.dataset,
        train_rows=made.rows,
        seed=seed,
        contract=features.contract,
        fitted_before=made.fitted_before,
        estimator=describe(made.estimator),
    )

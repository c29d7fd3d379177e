"""Stage 5, the baseline: the model to beat, by default logistic regression on the same columns."""

from typing import Any

import numpy as np
import polars as pl

from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.promise import Promise
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.project import Project
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress
from sluiceway.ports.table_store import TableStore
from sluiceway.train.estimator import build
from sluiceway.train.fitting import Fit, bundled, fit_and_export
from sluiceway.train.frame import Frame, load_frame
from sluiceway.train.split import split

MOST_CATEGORIES = 50
MOST_ITERATIONS = 200


def run(  # noqa: PLR0913 - a stage takes its ports one by one
    features: FeatureSet,
    *,
    project: Project,
    promise: Promise,
    tables: TableStore,
    objects: ObjectStore,
    progress: Progress,
    seed: int,
    threads: int,
) -> ModelBundle:
    """Train and export the baseline on the rows that the model trains on.

    Raises:
        TrainingError: the split leaves too few rows, or the baseline fails to fit or to export.
    """
    frame = load_frame(features, tables)
    train = frame.take(split(frame, project.pipeline).train)
    progress.say(f"training the baseline on {len(train):,} rows")
    made = train_baseline(project.pipeline, train, seed=seed, threads=threads)
    return bundled(made, features, promise=promise, objects=objects, role="baseline", params={}, trials=(), seed=seed)


def train_baseline(pipeline: Pipeline, train: Frame, *, seed: int, threads: int) -> Fit:
    """Train the project's own baseline, or logistic regression, and export it.

    Raises:
        TrainingError: the estimator failed to fit or to export.
    """
    what = "the baseline"
    estimator = build(pipeline.baseline, what=what) if pipeline.baseline else logistic(train)
    return fit_and_export(estimator, train, seed=seed, threads=threads, what=what)


def logistic(train: Frame) -> Any:
    """Make an unfitted logistic regression: numbers imputed, flagged where missing and scaled, texts one-hot.

    Only a column's 50 most frequent texts get a column of their own; all others count as none of them. Newton's method
    takes a tenth of the time of lbfgs where rows outnumber columns by far.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    from sluiceway.declare.float32 import Float32
    from sluiceway.train.missing_flags import MissingFlags

    texts = [column.name for column in train.columns if column.type == "text"]
    numbers = [column.name for column in train.columns if column.type == "number"]
    gaps = [name for name in numbers if train.x[name].is_nan().any()]
    onehot = OneHotEncoder(
        categories=[frequent(train.x[name]) for name in texts] or "auto",
        handle_unknown="ignore",
        sparse_output=False,
        dtype=np.float32,
    )
    filled = make_pipeline(Float32(), SimpleImputer(keep_empty_features=True), StandardScaler())
    steps = [("texts", onehot, texts), ("numbers", filled, numbers), ("flags", MissingFlags(), gaps)]
    return make_pipeline(
        ColumnTransformer([step for step in steps if step[2]], sparse_threshold=0),
        LogisticRegression(solver="newton-cholesky", max_iter=MOST_ITERATIONS),
    )


def frequent(texts: pl.Series) -> list[str]:
    """List the most frequent texts, sorted; of equally frequent ones the first in the alphabet stay."""
    counts = texts.value_counts(name="rows").sort(["rows", texts.name], descending=[True, False])
    return sorted(counts[texts.name].head(MOST_CATEGORIES).to_list())

"""Stage 5, the model: the factory tried out, the search, and one training on every row before the gap."""

import optuna

from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.promise import Promise
from sluiceway.declare.pipeline import ModelFactory
from sluiceway.declare.project import Project
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress
from sluiceway.ports.table_store import TableStore
from sluiceway.train.estimator import Params, build
from sluiceway.train.fitting import Fit, bundled, fit_and_export, rehearse
from sluiceway.train.folds import expanding_folds
from sluiceway.train.frame import Frame, load_frame
from sluiceway.train.search import best_of, first_trial, search
from sluiceway.train.split import split


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
    """Find hyperparameters, train and export; the holdout is not looked at.

    Raises:
        TrainingError: the split leaves too few rows, or the factory's estimator fails to fit or to export.
    """
    pipeline = project.pipeline
    frame = load_frame(features, tables)
    sides = split(frame, pipeline)
    train = frame.take(sides.train)
    progress.say("trying the export on 200 rows")
    trial = first_trial(pipeline.search, seed)
    attempt = "the export tried before the search"
    rehearse(build(pipeline.model, trial, what=attempt), train, seed=seed, threads=threads, what=attempt)
    folds = expanding_folds(train, rows=pipeline.search.rows, folds=pipeline.search.folds, gap=sides.gap)
    progress.say("searching")
    trials = search(pipeline.model, folds, settings=pipeline.search, progress=progress, seed=seed, threads=threads)
    params = best_of(trials).params
    progress.say(f"training on {len(train):,} rows")
    made = train_model(pipeline.model, params, train, seed=seed, threads=threads)
    return bundled(
        made, features, promise=promise, objects=objects, role="model", params=params, trials=trials, seed=seed
    )


def train_model(factory: ModelFactory, params: Params, train: Frame, *, seed: int, threads: int) -> Fit:
    """Train the factory's estimator with fixed hyperparameters on all rows given, and export it.

    Raises:
        TrainingError: the estimator failed to fit or to export.
    """
    what = f"the model with {dict(params)}"
    estimator = build(factory, optuna.trial.FixedTrial(dict(params)), what=what)
    return fit_and_export(estimator, train, seed=seed, threads=threads, what=what)

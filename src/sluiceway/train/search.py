"""Search: hyperparameters by Optuna, scored in time order. The same seed finds the same, on any number of threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import optuna

from sluiceway.artifacts.model_bundle import Fold, Trial
from sluiceway.declare.pipeline import ModelFactory, Search
from sluiceway.ports.progress import Progress
from sluiceway.stats.classification import log_loss
from sluiceway.train.estimator import build, settle
from sluiceway.train.fitting import fit
from sluiceway.train.folds import FoldRows
from sluiceway.train.scoring import fitted_probability

STARTUP_SHARE = 3
MOST_STARTUP = 10


def search(
    factory: ModelFactory,
    folds: tuple[FoldRows, ...],
    *,
    settings: Search,
    progress: Progress,
    seed: int,
    threads: int,
) -> tuple[Trial, ...]:
    """Try ``settings.trials`` sets of hyperparameters; each trial's loss is its mean log loss over the folds.

    Folds are fitted side by side, each on one thread: that keeps every core busy without the waiting at barriers that
    slows threads of one fit down as soon as something else runs.

    Raises:
        TrainingError: a trial failed; it names the trial and its parameters.
    """
    study = _study(settings, seed)
    done = []
    with ThreadPoolExecutor(max(1, min(threads, len(folds)))) as pool:
        for number in range(settings.trials):
            trial = study.ask()
            tried = _attempt(factory, trial, folds, seed=seed, run=pool.map)
            study.tell(trial, tried.log_loss)
            done.append(tried)
            progress.advance(number + 1, settings.trials)
    return tuple(done)


def best_of(trials: tuple[Trial, ...]) -> Trial:
    """Choose the least loss; of equals, the first."""
    return min(trials, key=lambda trial: (trial.log_loss, trial.number))


def first_trial(settings: Search, seed: int) -> Any:
    """Ask for a trial that no search will remember, to try a factory out with."""
    return _study(settings, seed).ask()


def _study(settings: Search, seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    startup = min(MOST_STARTUP, 1 + settings.trials // STARTUP_SHARE)
    sampler = optuna.samplers.TPESampler(seed=seed + settings.seed, n_startup_trials=startup)
    return optuna.create_study(direction="minimize", sampler=sampler)


def _attempt(
    factory: ModelFactory,
    trial: optuna.Trial,
    folds: tuple[FoldRows, ...],
    *,
    seed: int,
    run: Callable[..., Any],
) -> Trial:
    """Build one estimator per fold before any is fitted: the trial is no thread's own."""
    estimators = [build(factory, trial, what=f"trial {trial.number}") for _ in folds]
    what = f"trial {trial.number} with {trial.params}"

    def score(estimator: Any, fold: FoldRows) -> Fold:
        trained = fit(settle(estimator, seed=seed, threads=1), fold.fitted, what=what)
        loss = log_loss(fold.scored.y, fitted_probability(trained, fold.scored, what=what))
        return Fold(len(fold.fitted), len(fold.scored), loss)

    scores = tuple(run(score, estimators, folds))
    return Trial(trial.number, dict(trial.params), sum(score.log_loss for score in scores) / len(scores), scores)

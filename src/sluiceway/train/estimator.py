"""Estimator: the user's own, built for one trial and settled so that a second training gives the same."""

from collections.abc import Callable, Mapping
from typing import Any

from sluiceway.core.errors import TrainingError
from sluiceway.train.fitted import is_estimator

Params = Mapping[str, float | int | str | bool | None]


def build(factory: Callable[..., Any], *arguments: Any, what: str) -> Any:
    """Call a factory.

    Args:
        factory: The user's function.
        arguments: A trial, or nothing.
        what: Names the attempt in errors.

    Raises:
        TrainingError: it failed, or what it returned cannot be fitted or gives no probabilities.
    """
    try:
        estimator = factory(*arguments)
    except Exception as error:
        name = getattr(factory, "__name__", "the factory")
        raise TrainingError(f"{what}: {name}() raised {type(error).__name__}: {error}") from error
    for method in ("fit", "predict_proba"):
        if not hasattr(estimator, method):
            kind = type(estimator).__name__
            raise TrainingError(
                f"{what}: the factory returned a {kind} without {method}(); return a classifier that has it"
            )
    return estimator


def settle(estimator: Any, *, seed: int, threads: int) -> Any:
    """Fix the seed of every part that left it open, LightGBM's order of summation, and the threads of other libraries.

    scikit-learn's own parts keep their threads: where none are named it takes one, and some of them warn when told.
    What the user set stays.
    """
    if hasattr(estimator, "get_params"):
        for part in [estimator, *estimator.get_params(deep=True).values()]:
            if is_estimator(part) and hasattr(part, "set_params"):
                given = part.get_params(deep=False)
                part.set_params(**_settings(part, given, seed=seed, threads=threads))
    return estimator


def _settings(part: Any, given: Mapping[str, Any], *, seed: int, threads: int) -> dict[str, Any]:
    library = type(part).__module__.partition(".")[0]
    wanted: dict[str, Any] = {"random_state": seed} | ({} if library == "sklearn" else {"n_jobs": threads})
    chosen = {name: value for name, value in wanted.items() if name in given and given[name] is None}
    return chosen | (_lightgbm_settings(given) if library == "lightgbm" else {})


def _lightgbm_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Only with a fixed order of summation do two trainings agree to the last bit."""
    settings: dict[str, Any] = {"deterministic": True}
    if not given.get("force_col_wise"):
        settings["force_row_wise"] = True
    if "verbosity" not in given:
        settings["verbose"] = -1
    return {name: value for name, value in settings.items() if name not in given}


def describe(estimator: Any) -> str:
    """Name an estimator, and a pipeline by its steps.

    >>> describe(object())
    'object'
    """
    steps = getattr(estimator, "steps", None)
    if steps is None:
        return type(estimator).__name__
    return " > ".join(describe(step) for _, step in steps)

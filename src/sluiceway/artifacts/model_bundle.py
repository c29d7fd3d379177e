"""Stage 5's hand-over: a model as ONNX, with everything needed to feed it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.core.digest import digest_of


@dataclass(frozen=True, slots=True)
class Fold:
    """One time-ordered fold of the search: rows fitted, rows scored, log loss."""

    fitted: int
    scored: int
    log_loss: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of hyperparameters that the search tried, with its mean log loss over the folds."""

    number: int
    params: Mapping[str, float | int | str | bool | None]
    log_loss: float
    folds: tuple[Fold, ...]


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """A fitted model. ``onnx`` is the object key of the model's bytes, ``onnx_sha256`` their digest.

    ``role`` is ``model`` or ``baseline``. The model takes ``columns`` in order, numbers as float32 with NaN for missing
    and texts with the empty text for missing, and gives the probability of the positive class; at or above
    ``threshold`` the prediction is positive. ``views`` pins the definitions of the features that it was trained on;
    ``contract`` says how a request becomes the columns, without the user's code.
    ``fitted_before`` names parts of the estimator that were already fitted when the factory returned it.
    """

    name: str
    role: str
    onnx: str
    onnx_sha256: str
    size_bytes: int
    columns: tuple[FeatureColumn, ...]
    threshold: float
    views: Mapping[str, str]
    params: Mapping[str, float | int | str | bool | None]
    trials: tuple[Trial, ...]
    feature_set: str
    dataset: str
    train_rows: int
    seed: int
    contract: ServingContract
    fitted_before: tuple[str, ...] = ()
    estimator: str = ""

    @property
    def content_id(self) -> str:
        """Identify the model's bytes and what they expect; not the search that led there."""
        meaning = [self.name, self.role, self.onnx_sha256, self.columns, self.threshold, self.views, self.params]
        training = [self.feature_set, self.train_rows, self.seed, self.fitted_before]
        return digest_of(["bundle", *meaning, *training, self.contract.meaning])

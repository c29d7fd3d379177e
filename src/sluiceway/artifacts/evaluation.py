"""Stage 5's evidence: how the exported model and the baseline did on rows that neither had seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluiceway.core.digest import digest_of


@dataclass(frozen=True, slots=True)
class Metrics:
    """Scores on one set of rows. ``cost`` is per row, in the spec's currency, at the bundle's threshold."""

    rows: int
    positives: int
    roc_auc: float
    average_precision: float
    log_loss: float
    brier: float
    precision: float
    recall: float
    f1: float
    f_beta: float
    cost: float


@dataclass(frozen=True, slots=True)
class SliceScore:
    """Model and baseline on the rows where ``column`` is ``value``; ``judged`` when there were enough of them."""

    column: str
    value: str
    rows: int
    positives: int
    model_log_loss: float
    baseline_log_loss: float
    judged: bool


@dataclass(frozen=True, slots=True)
class SplitReport:
    """The time-aware split: the holdout's first moment (UTC), the gap in seconds, and the rows on each side.

    ``shared_keys`` names rows found on both sides; ``late_labels`` counts training rows whose outcome became known only
    after the holdout began.
    """

    train_from: datetime
    train_until: datetime
    holdout_from: datetime
    holdout_until: datetime
    gap_s: float
    train_rows: int
    holdout_rows: int
    in_gap: int
    shared_keys: tuple[str, ...]
    shared_rows: int
    late_labels: int


@dataclass(frozen=True, slots=True)
class Parity:
    """The exported model against the fitted one, on holdout rows: greatest difference in probability."""

    rows: int
    max_difference: float
    rows_moved: int


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A second training from the same seed: the model's metrics that differ, and whether the bytes were the same."""

    unequal: tuple[str, ...]
    same_bytes: bool
    baseline_same_bytes: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The model's and the baseline's scores on the holdout, from the exported bundles.

    ``single_feature_auc`` gives, for each column alone, how well it ranks the training labels, 0.5 to 1. ``curves``
    is the object key of both models' curves on the holdout.
    """

    bundle: str
    baseline: str
    feature_set: str
    holdout: Metrics
    baseline_holdout: Metrics
    slices: tuple[SliceScore, ...]
    split: SplitReport
    parity: Parity
    baseline_parity: Parity
    reproduction: Reproduction
    single_feature_auc: Mapping[str, float]
    curves: str

    @property
    def content_id(self) -> str:
        """Identify what was measured."""
        scores = [self.holdout, self.baseline_holdout, self.slices, self.split, self.parity, self.baseline_parity]
        return digest_of(
            ["evaluation", self.bundle, self.baseline, *scores, self.reproduction, self.single_feature_auc]
        )

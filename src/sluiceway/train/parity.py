"""Parity: the exported model against the fitted one, row by row."""

import numpy as np

from sluiceway.artifacts.evaluation import Parity
from sluiceway.train.fitting import Fit
from sluiceway.train.frame import Frame
from sluiceway.train.scoring import exported_probability, fitted_probability

MOST_ROWS = 20_000


def parity(made: Fit, holdout: Frame, *, limit: float, what: str) -> Parity:
    """Compare probabilities on up to 20,000 holdout rows spread over time.

    ``rows_moved`` counts those further apart than ``limit``.

    Raises:
        TrainingError: either of the two gave something that is no probability.
    """
    spread = np.linspace(0, len(holdout) - 1, min(MOST_ROWS, len(holdout))).astype(np.int64)
    rows = holdout.take(spread)
    apart = np.abs(
        fitted_probability(made.estimator, rows, what=what) - exported_probability(made.onnx, rows, what=what)
    )
    return Parity(len(rows), float(apart.max()), int((apart > limit).sum()))

"""Single features: how well each column alone ranks the training labels; one that needs no other is likely a leak."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.declare.spec import MINIMUM_SLICE_POSITIVES, MINIMUM_SLICE_ROWS
from sluiceway.stats.classification import roc_auc
from sluiceway.train.frame import Frame

FOLDS = 5
PRIOR_ROWS = 10.0
MOST_ROWS = 100_000
CHANCE = 0.5
BELOW_ALL = -1e39  # no finite float32 reaches as far


def single_feature_auc(train: Frame) -> dict[str, float]:
    """Give each column's ROC AUC alone, 0.5 to 1, on up to 100,000 training rows spread over time.

    A number ranks by itself, upwards or downwards: once with missing values below all others, and once, where there
    are enough, by the rows that have it. A text ranks by the share of positives among the other rows of its value.
    """
    rows = train.take(np.linspace(0, len(train) - 1, min(MOST_ROWS, len(train))).astype(np.int64))
    return {
        column.name: text_auc(rows.x[column.name], rows.y)
        if column.type == "text"
        else number_auc(rows.x[column.name].to_numpy(), rows.y)
        for column in rows.columns
    }


def number_auc(values: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Rank by a number, in the better direction; without two classes it is chance."""
    missing = np.isnan(values)
    ranked = np.nan_to_num(values.astype(np.float64), nan=2 * BELOW_ALL, posinf=-BELOW_ALL, neginf=BELOW_ALL)
    found = [_either_way(truth, ranked)]
    there = truth[~missing]
    if there.size >= MINIMUM_SLICE_ROWS and min(there.sum(), (1 - there).sum()) >= MINIMUM_SLICE_POSITIVES:
        found.append(_either_way(there, ranked[~missing]))
    return max(found)


def text_auc(values: pl.Series, truth: NDArray[np.int64]) -> float:
    """Rank by the share of positives of a text's rows in the other four fifths, drawn towards the share of all."""
    share = float(truth.mean())
    rows = pl.DataFrame({"text": values, "truth": truth.astype(np.float64), "fold": np.arange(truth.size) % FOLDS})
    all_folds, own_fold = ["text"], ["text", "fold"]
    count = pl.len().over(all_folds) - pl.len().over(own_fold)
    found = pl.col("truth").sum().over(all_folds) - pl.col("truth").sum().over(own_fold)
    rates = rows.select((found + PRIOR_ROWS * share) / (count + PRIOR_ROWS)).to_series()
    return _either_way(truth, rates.to_numpy())


def _either_way(truth: NDArray[np.int64], values: NDArray[np.floating]) -> float:
    auc = roc_auc(truth, values)
    return max(auc, 1 - auc) if auc == auc else CHANCE  # noqa: PLR0124 - only NaN differs from itself

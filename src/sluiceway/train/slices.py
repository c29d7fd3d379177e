"""Slices: model and baseline on each part of the holdout that the spec names."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.evaluation import SliceScore
from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.spec import Acceptance
from sluiceway.stats.classification import log_loss
from sluiceway.train.frame import MISSING, Frame

MISSING_NAME = "(missing)"


def slice_scores(
    holdout: Frame, model: NDArray[np.float64], baseline: NDArray[np.float64], *, acceptance: Acceptance
) -> tuple[SliceScore, ...]:
    """Score every value of every column that the spec slices by; small slices are shown but not judged.

    Args:
        holdout: Rows with both classes.
        model: The model's probability of each row.
        baseline: The baseline's.
        acceptance: Names the columns, and says how many rows and positives it takes to judge.

    Raises:
        UnknownNameError: a slice is no column of the model.
    """
    known = [column.name for column in holdout.columns]
    found = []
    for column in acceptance.slices:
        if column not in known:
            raise UnknownNameError("column to slice by (spec, acceptance.slices)", column, known)
        for value, rows in _values(holdout, column):
            found.append(_score(holdout, rows, model, baseline, name=(column, value), acceptance=acceptance))
    return tuple(found)


def _values(holdout: Frame, column: str) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Group row numbers by value, in the order of the values."""
    places = (
        holdout.x.select(column).with_row_index("row").group_by(column, maintain_order=True).agg("row").sort(column)
    )
    for value, rows in places.iter_rows():
        is_missing = value == MISSING or value != value  # noqa: PLR0124 - only NaN differs from itself
        name = MISSING_NAME if is_missing else f"{value:g}" if isinstance(value, float) else str(value)
        yield name, np.asarray(rows, dtype=np.int64)


def _score(
    holdout: Frame,
    rows: NDArray[np.int64],
    model: NDArray[np.float64],
    baseline: NDArray[np.float64],
    *,
    name: tuple[str, str],
    acceptance: Acceptance,
) -> SliceScore:
    truth = holdout.y[rows]
    positives = int(truth.sum())
    enough = rows.size >= acceptance.minimum_slice_rows and positives >= acceptance.minimum_slice_positives
    ours, theirs = log_loss(truth, model[rows]), log_loss(truth, baseline[rows])
    return SliceScore(*name, int(rows.size), positives, ours, theirs, judged=enough)

"""Suspects: columns that look as if they were told together with the outcome, and so would leak it."""

from collections.abc import Collection

import numpy as np
import polars as pl

from sluiceway.declare.spec import Acceptance
from sluiceway.start.columns import ColumnFacts, Facts
from sluiceway.train.single_feature import number_auc, text_auc

MOST_ROWS = 100_000
LEAST_OF_A_CLASS = 10
LIMIT = Acceptance().max_single_feature_auc
LEAST_UNKNOWN, MISSING_THERE, MISSING_ELSE = 20, 0.8, 0.05


def ranks_alone(facts: Facts, truth: pl.Series, *, names: Collection[str]) -> dict[str, float]:
    """Give each column's ROC AUC alone, 0.5 to 1, best first; none where there are too few outcomes of a kind."""
    rows = truth.is_not_null().arg_true()
    rows = rows.gather_every(max(1, len(rows) // MOST_ROWS))
    known = truth.gather(rows).to_numpy().astype(np.int64)
    if min(known.sum(), (1 - known).sum()) < LEAST_OF_A_CLASS:
        return {}
    ranked = {name: _alone(facts[name], rows, known) for name in names}
    return dict(sorted(ranked.items(), key=lambda pair: -pair[1]))


def suspects(facts: Facts, truth: pl.Series, ranks: dict[str, float]) -> dict[str, str]:
    """Give the columns that alone rank better than gate 5 lets pass, or are missing where the outcome is, and why."""
    found = {name: f"alone it has a ROC AUC of {auc:.3f}" for name, auc in ranks.items() if auc > LIMIT}
    unknown = truth.is_null()
    if unknown.sum() >= LEAST_UNKNOWN:
        for name in ranks:
            if name not in found and is_told_with(facts[name].values, unknown):
                found[name] = "it is missing where the outcome is"
    return found


def is_told_with(values: pl.Series, unknown: pl.Series) -> bool:
    """Whether values are missing in most rows without an outcome, and there in nearly all with one."""
    there, elsewhere = values.filter(unknown).is_null().mean(), values.filter(~unknown).is_null().mean()
    return (
        isinstance(there, float)
        and isinstance(elsewhere, float)
        and there >= MISSING_THERE
        and elsewhere <= MISSING_ELSE
    )


def _alone(facts: ColumnFacts, rows: pl.Series, truth: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    values = facts.values.gather(rows)
    if facts.kind == "text":
        return text_auc(values.fill_null(""), truth)
    return number_auc(values.cast(pl.Float32).fill_null(float("nan")).to_numpy(), truth)

"""Metrics: one model's scores on one set of rows."""

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.evaluation import Metrics
from sluiceway.declare.spec import Spec
from sluiceway.stats.classification import average_precision, brier, confusion, log_loss, roc_auc


def measure(truth: NDArray[np.int64], probability: NDArray[np.float64], spec: Spec) -> Metrics:
    """Score probabilities, and the decisions that the spec's threshold makes of them; both classes must be there."""
    decided = confusion(truth, probability, threshold=spec.threshold)
    costs = spec.costs
    return Metrics(
        rows=int(truth.size),
        positives=int(truth.sum()),
        roc_auc=roc_auc(truth, probability),
        average_precision=average_precision(truth, probability),
        log_loss=log_loss(truth, probability),
        brier=brier(truth, probability),
        precision=decided.precision,
        recall=decided.recall,
        f1=decided.f_beta(1.0),
        f_beta=decided.f_beta(spec.beta),
        cost=decided.cost(false_negative=costs.false_negative, false_positive=costs.false_positive),
    )

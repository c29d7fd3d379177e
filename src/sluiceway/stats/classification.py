"""Classification: scores and curves of a binary classifier, without the weight of scikit-learn's import."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

Truth = NDArray[np.integer] | NDArray[np.bool_]
Probability = NDArray[np.floating]
CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a curve for drawing, at most 200, both of shape ``(points,)``; empty where there is no such curve."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many rows fell where at one threshold."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives

    @property
    def precision(self) -> float:
        """The share of alarms that were right: 0 when none was raised, NaN when there was nothing to find either."""
        alarms = self.true_positives + self.false_positives
        return self.true_positives / alarms if alarms else 0.0 if self.false_negatives else nan

    @property
    def recall(self) -> float:
        """The share of positives that were found; NaN when there were none."""
        positives = self.true_positives + self.false_negatives
        return self.true_positives / positives if positives else nan

    def f_beta(self, beta: float) -> float:
        """Combine precision and recall, recall weighing ``beta`` times as much; NaN without positives and alarms.

        Reference: van Rijsbergen, "Information Retrieval" (1979), chapter 7.
        """
        hits, misses = (1 + beta**2) * self.true_positives, beta**2 * self.false_negatives
        whole = hits + misses + self.false_positives
        return hits / whole if whole else nan

    def cost(self, *, false_negative: float, false_positive: float) -> float:
        """Mean cost of a row, in the currency of the two costs; NaN without rows."""
        total = self.false_negatives * false_negative + self.false_positives * false_positive
        return total / self.rows if self.rows else nan


def confusion(truth: Truth, probability: Probability, *, threshold: float) -> Confusion:
    """Count hits and mistakes when a probability at or above the threshold raises the alarm."""
    actual, alarm = np.asarray(truth, dtype=bool), np.asarray(probability) >= threshold
    found, positives, alarms = int((actual & alarm).sum()), int(actual.sum()), int(alarm.sum())
    return Confusion(found, alarms - found, positives - found, actual.size - positives - alarms + found)


def roc_auc(truth: Truth, probability: Probability) -> float:
    """How often a positive ranks above a negative, ties counting half; NaN with one class only or a NaN among them.

    >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75

    Reference: Hanley and McNeil, "The Meaning and Use of the Area under a ROC Curve" (1982).
    """
    _, found, alarms = _ranked(truth, probability)
    false = alarms - found
    if not found.size or not found[-1] or not false[-1]:
        return nan
    steps = np.diff(false, prepend=0.0)
    heights = found - np.diff(found, prepend=0.0) / 2
    return float((steps * heights).sum() / (found[-1] * false[-1]))


def average_precision(truth: Truth, probability: Probability) -> float:
    """Precision averaged over the steps of recall, not interpolated; NaN with one class only or a NaN among them.

    >>> round(average_precision(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])), 4)
    0.8333

    Reference: Manning, Raghavan and Schuetze, "Introduction to Information Retrieval" (2008), section 8.4.
    """
    _, found, alarms = _ranked(truth, probability)
    if not found.size or not found[-1] or found[-1] == alarms[-1]:
        return nan
    return float((np.diff(found, prepend=0.0) * found / alarms).sum() / found[-1])


def log_loss(truth: Truth, probability: Probability) -> float:
    """Mean surprise at the truth, in nats; probabilities of 0 and 1 are held off by one float's width. NaN if empty."""
    chance = np.asarray(probability, dtype=float)
    if not chance.size:
        return nan
    width = np.finfo(float).eps
    held = np.clip(chance, width, 1 - width)
    return float(-np.log(np.where(np.asarray(truth, dtype=bool), held, 1 - held)).mean())


def brier(truth: Truth, probability: Probability) -> float:
    """Mean squared distance of the probability from the truth, 0 to 1. NaN if empty.

    Reference: Brier, "Verification of Forecasts Expressed in Terms of Probability" (1950), halved as is usual for two
    classes.
    """
    distance = np.asarray(probability, dtype=float) - np.asarray(truth, dtype=float)
    return float((distance**2).mean()) if distance.size else nan


def roc_curve(truth: Truth, probability: Probability) -> Curve:
    """Give the false positive rate (x) and the true positive rate (y) from (0, 0) to (1, 1)."""
    _, found, alarms = _ranked(truth, probability)
    false = alarms - found
    if not found.size or not found[-1] or not false[-1]:
        return Curve(np.empty(0), np.empty(0))
    x, y = np.insert(false / false[-1], 0, 0.0), np.insert(found / found[-1], 0, 0.0)
    return _thin(x, y, along=x + y)


def precision_recall_curve(truth: Truth, probability: Probability) -> Curve:
    """Give recall (x, ascending) and precision (y) at every distinct probability."""
    _, found, alarms = _ranked(truth, probability)
    if not found.size or not found[-1]:
        return Curve(np.empty(0), np.empty(0))
    return _thin(found / found[-1], found / alarms, along=found)


def cost_curve(truth: Truth, probability: Probability, *, false_negative: float, false_positive: float) -> Curve:
    """Give the mean cost of a row (y) at thresholds (x) from 0 to 1 in even steps."""
    thresholds, found, alarms = _ranked(truth, probability)
    if not found.size:
        return Curve(np.empty(0), np.empty(0))
    even = np.linspace(0.0, 1.0, CURVE_POINTS)
    place = np.searchsorted(-thresholds, -even, side="right")
    hits, raised = np.insert(found, 0, 0.0)[place], np.insert(alarms, 0, 0.0)[place]
    cost = (found[-1] - hits) * false_negative + (raised - hits) * false_positive
    return Curve(even, cost / alarms[-1])


def _ranked(
    truth: Truth, probability: Probability
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Distinct probabilities downwards, and the positives and rows at or above each; empty if any is NaN."""
    chance = np.asarray(probability, dtype=float)
    if not chance.size or np.isnan(chance).any():
        return np.empty(0), np.empty(0), np.empty(0)
    order = np.argsort(-chance)
    chance = chance[order]
    ends = np.append(np.flatnonzero(np.diff(chance)), chance.size - 1)
    found = np.cumsum(np.asarray(truth, dtype=float)[order])[ends]
    return chance[ends], found, ends + 1.0


def _thin(x: NDArray[np.float64], y: NDArray[np.float64], *, along: NDArray[np.float64]) -> Curve:
    """Keep points evenly spread along an ascending measure, always the first and the last."""
    if x.size <= CURVE_POINTS:
        return Curve(x, y)
    spread = np.searchsorted(along, np.linspace(along[0], along[-1], CURVE_POINTS - 1)[1:-1])
    keep = np.unique(np.concatenate([[0], spread, [x.size - 1]]))
    return Curve(x[keep], y[keep])

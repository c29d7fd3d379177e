import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from sluiceway.stats.classification import (
    average_precision,
    brier,
    confusion,
    cost_curve,
    log_loss,
    precision_recall_curve,
    roc_auc,
    roc_curve,
)

chances = st.floats(0, 1) | st.integers(0, 4).map(lambda quarter: quarter / 4)
rows = st.lists(st.tuples(st.integers(0, 1), chances), min_size=2, max_size=50)
both_classes = rows.filter(lambda drawn: len({truth for truth, _ in drawn}) == 2)


def sides(drawn):
    truth, chance = zip(*drawn, strict=True)
    return np.array(truth), np.array(chance)


@settings(max_examples=150, deadline=None)
@given(both_classes)
def test_scores_agree_with_scikit_learn(drawn):
    truth, chance = sides(drawn)
    assert roc_auc(truth, chance) == pytest.approx(metrics.roc_auc_score(truth, chance))
    assert average_precision(truth, chance) == pytest.approx(metrics.average_precision_score(truth, chance))
    assert log_loss(truth, chance) == pytest.approx(metrics.log_loss(truth, chance, labels=[0, 1]))
    assert brier(truth, chance) == pytest.approx(metrics.brier_score_loss(truth, chance, pos_label=1))


@settings(max_examples=80, deadline=None)
@given(both_classes, st.floats(0, 1), st.floats(0.2, 5))
def test_threshold_scores_agree_with_scikit_learn(drawn, threshold, beta):
    truth, chance = sides(drawn)
    ours, alarm = confusion(truth, chance, threshold=threshold), chance >= threshold
    assert ours.precision == pytest.approx(metrics.precision_score(truth, alarm, zero_division=0))
    assert ours.recall == pytest.approx(metrics.recall_score(truth, alarm))
    assert ours.f_beta(beta) == pytest.approx(metrics.fbeta_score(truth, alarm, beta=beta, zero_division=0))
    by_row = np.where(alarm, (1 - truth) * 30, truth * 180).mean()
    assert ours.cost(false_negative=180, false_positive=30) == pytest.approx(by_row)


@pytest.mark.parametrize("truth", [[0, 0, 0], [1, 1, 1], []])
def test_one_class_gives_nan_and_never_raises(truth):
    chance = np.linspace(0, 1, len(truth))
    assert np.isnan(roc_auc(np.array(truth), chance))
    assert np.isnan(average_precision(np.array(truth), chance))
    assert roc_curve(np.array(truth), chance).x.size == 0


def test_a_missing_probability_gives_nan():
    truth, chance = np.array([0, 1, 1]), np.array([0.1, np.nan, 0.3])
    scores = [score(truth, chance) for score in (roc_auc, average_precision, log_loss, brier)]
    assert np.isnan(scores).all()


def test_no_rows_give_nan():
    nothing = confusion(np.array([]), np.array([]), threshold=0.5)
    values = [nothing.precision, nothing.recall, nothing.f_beta(1), nothing.cost(false_negative=1, false_positive=1)]
    assert np.isnan([*values, log_loss(np.array([]), np.array([])), brier(np.array([]), np.array([]))]).all()
    assert cost_curve(np.array([]), np.array([]), false_negative=1, false_positive=1).x.size == 0


def noisy(size=120_000):
    rng = np.random.default_rng(9)
    chance = rng.random(size)
    return (rng.random(size) < chance).astype(int), chance


def test_curves_are_thinned_yet_keep_their_ends_and_area():
    truth, chance = noisy()
    roc, precision_recall = roc_curve(truth, chance), precision_recall_curve(truth, chance)
    assert max(roc.x.size, precision_recall.x.size) <= 200
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert np.trapezoid(roc.y, roc.x) == pytest.approx(roc_auc(truth, chance), abs=2e-4)
    assert precision_recall.x[-1] == 1.0
    assert precision_recall.y[-1] == pytest.approx(truth.mean())


def test_a_perfect_classifier_draws_the_corner():
    truth = np.repeat([0, 1], 5000)
    curve = roc_curve(truth, np.linspace(0, 1, 10_000))
    assert (curve.x[curve.y < 1] == 0).all()


@given(both_classes)
def test_cost_curve_agrees_with_counting_at_each_threshold(drawn):
    truth, chance = sides(drawn)
    curve = cost_curve(truth, chance, false_negative=180, false_positive=30)
    for at, cost in list(zip(curve.x, curve.y, strict=True))[::23]:
        counted = confusion(truth, chance, threshold=at).cost(false_negative=180, false_positive=30)
        assert cost == pytest.approx(counted)


def test_least_cost_lies_near_the_threshold_of_the_costs():
    """Elkan (2001): for calibrated probabilities the best threshold is C_FP / (C_FP + C_FN)."""
    truth, chance = noisy()
    curve = cost_curve(truth, chance, false_negative=180, false_positive=30)
    assert curve.x[curve.y.argmin()] == pytest.approx(30 / 210, abs=0.03)

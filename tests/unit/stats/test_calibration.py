import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from sluiceway.stats.calibration import reliability


def test_bins_agree_with_scikit_learn():
    rng = np.random.default_rng(4)
    probability = rng.uniform(0.001, 0.999, size=4000)
    truth = (rng.random(4000) < probability**2).astype(int)
    observed, predicted = calibration_curve(truth, probability, n_bins=10)
    ours = reliability(truth, probability)
    assert ours.observed == pytest.approx(observed)
    assert ours.predicted == pytest.approx(predicted)
    assert ours.rows.sum() == 4000


def test_error_of_a_coin_called_at_ninety_percent():
    ours = reliability(np.array([0, 1] * 50), np.full(100, 0.9))
    assert ours.expected_error == pytest.approx(0.4)


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=60))
def test_error_is_the_mean_distance_by_brute_force(rows):
    total = 0.0
    for low in range(10):
        inside = [row for row in rows if min(int(row[1] * 10), 9) == low]
        if inside:
            total += abs(sum(row[0] for row in inside) - sum(row[1] for row in inside))
    ours = reliability(*(np.array(side) for side in zip(*rows, strict=True)))
    assert ours.expected_error == pytest.approx(total / len(rows))


def test_certainty_belongs_to_the_last_bin_and_no_rows_give_nan():
    assert reliability(np.array([1]), np.array([1.0])).predicted.tolist() == [1.0]
    assert np.isnan(reliability(np.array([], dtype=int), np.array([])).expected_error)

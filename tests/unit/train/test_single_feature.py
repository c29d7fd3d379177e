"""Single features: ranks as scikit-learn ranks them, in the better direction, and missing values that tell."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from sluiceway.train.frame import load_frame
from sluiceway.train.single_feature import number_auc, single_feature_auc, text_auc

TRUTH = np.arange(1000) % 2
CHANCE = np.random.default_rng(0)


@given(st.lists(st.tuples(st.floats(width=32, allow_nan=False), st.booleans()), min_size=2, max_size=60))
def test_a_number_ranks_as_scikit_learn_ranks_it_in_the_better_direction(pairs):
    values, truth = (np.array(each) for each in zip(*pairs, strict=True))
    if truth.all() or not truth.any():
        assert number_auc(values.astype(np.float32), truth.astype(np.int64)) == 0.5
        return
    finite = np.nan_to_num(values.astype(np.float64), posinf=1e39, neginf=-1e39)
    expected = roc_auc_score(truth, finite)
    assert number_auc(values.astype(np.float32), truth.astype(np.int64)) == pytest.approx(max(expected, 1 - expected))


def test_a_number_that_is_missing_just_for_one_class_gives_it_away():
    values = np.where(TRUTH == 1, CHANCE.normal(size=1000), np.nan).astype(np.float32)
    assert number_auc(values, TRUTH) == 1.0


def test_a_number_that_gives_the_label_away_where_it_is_there_is_found_among_missing_ones():
    values = np.where(CHANCE.random(1000) < 0.3, TRUTH, np.nan).astype(np.float32)
    assert number_auc(values, TRUTH) == 1.0


def test_a_handful_of_values_proves_nothing():
    values = np.where(np.arange(1000) < 10, TRUTH, np.nan).astype(np.float32)
    assert number_auc(values, TRUTH) < 0.52


def test_an_empty_column_is_chance():
    assert number_auc(np.full(1000, np.nan, dtype=np.float32), TRUTH) == 0.5


def test_a_text_is_ranked_by_other_rows_only():
    unique = pl.Series([str(number) for number in range(1000)])
    assert text_auc(unique, TRUTH) < 0.6
    assert text_auc(pl.Series([f"code {value}" for value in TRUTH]), TRUTH) == 1.0


def test_a_texts_auc_is_that_of_rates_of_the_other_folds():
    texts = [f"t{number}" for number in CHANCE.integers(0, 7, 300)]
    truth, share = TRUTH[:300], 0.5
    rates = []
    for place in range(300):
        others = [n for n in range(300) if texts[n] == texts[place] and n % 5 != place % 5]
        rates.append((truth[others].sum() + 10 * share) / (len(others) + 10))
    expected = roc_auc_score(truth, np.round(rates, 12))
    assert text_auc(pl.Series(texts), truth) == pytest.approx(max(expected, 1 - expected), abs=2e-3)


def test_every_column_is_measured(world):
    made = world()
    alone = single_feature_auc(load_frame(made.features, made.tables))
    assert list(alone) == ["carrier", "tail", "wind", "delay"]
    assert all(0.5 <= auc < 0.9 for auc in alone.values())

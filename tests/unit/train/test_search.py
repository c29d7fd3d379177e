"""The search: later rows score, the same seed repeats, and failures name their trial."""

from datetime import timedelta

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.pipeline import make_pipeline

from sluiceway.core.errors import TrainingError
from sluiceway.declare.encoding import encode
from sluiceway.declare.pipeline import Search
from sluiceway.ports.progress import Silence
from sluiceway.train.folds import expanding_folds
from sluiceway.train.frame import load_frame
from sluiceway.train.search import best_of, search


@pytest.fixture(scope="module")
def train(world):
    made = world()
    return load_frame(made.features, made.tables)


@pytest.mark.parametrize(("rows", "folds"), [(1000, 2), (3000, 3), (9999, 4)])
def test_a_fold_fits_only_what_was_known_when_its_part_began(train, rows, folds):
    gap = timedelta(hours=12)
    made = expanding_folds(train, rows=rows, folds=folds, gap=gap)
    assert len(made) == folds
    for fold in made:
        begins = fold.scored.at.min()
        assert fold.fitted.at.max() < begins - gap // timedelta(microseconds=1)
        assert fold.fitted.known.max() <= begins
    sizes = [len(fold.fitted) for fold in made]
    assert sizes == sorted(sizes)
    assert made[-1].scored.at.max() == train.at.max()
    assert made[0].fitted.at.min() == train.at[max(0, len(train) - rows)]


def test_parts_to_score_do_not_overlap(train):
    made = expanding_folds(train, rows=2000, folds=3, gap=timedelta(hours=1))
    keys = [key for fold in made for key in fold.scored.keys["flight"]]
    assert len(keys) == len(set(keys))


def test_a_fold_without_enough_rows_is_refused_with_a_remedy(train):
    with pytest.raises(
        TrainingError, match=r"raise rows=200 in sw\.Search, as there are .* lower folds=4 in sw\.Search"
    ):
        expanding_folds(train, rows=200, folds=4, gap=timedelta(days=2))


def test_more_rows_are_not_advised_where_the_search_has_all_of_them(train):
    with pytest.raises(TrainingError, match=f"all {len(train)} training rows are in the search already") as refused:
        expanding_folds(train, rows=len(train), folds=2, gap=timedelta(days=400))
    assert "raise rows" not in str(refused.value)
    assert "lower folds" not in str(refused.value)


def searched(world, train, **settings):
    folds = expanding_folds(train, rows=1200, folds=2, gap=timedelta(hours=12))
    given = {"threads": 2, "seed": 0, "factory": world().model, **settings}
    kept = Search(trials=3, rows=1200, folds=2)
    return search(
        given["factory"], folds, settings=kept, progress=Silence(), seed=given["seed"], threads=given["threads"]
    )


def test_the_same_seed_finds_the_same_on_any_number_of_threads(world, train):
    one = searched(world, train, threads=1)
    assert one == searched(world, train, threads=2)
    assert [trial.number for trial in one] == [0, 1, 2]


def test_a_trials_loss_is_the_mean_of_its_folds(world, train):
    for trial in searched(world, train):
        assert trial.log_loss == pytest.approx(np.mean([fold.log_loss for fold in trial.folds]))
        assert all(0 < fold.log_loss < np.log(2) * 2 for fold in trial.folds)


def test_another_seed_tries_other_parameters(world, train):
    def factory(trial):
        return make_pipeline(encode(), LGBMClassifier(n_estimators=2, reg_lambda=trial.suggest_float("l", 0, 1)))

    first, second = (searched(world, train, factory=factory, seed=seed) for seed in (0, 1))
    assert first[0].params != second[0].params


def test_the_first_of_equal_trials_wins(world, train):
    trials = searched(world, train, factory=constant)
    assert len({trial.log_loss for trial in trials}) == 1
    assert best_of(trials).number == 0


def constant(trial):
    trial.suggest_int("ignored", 0, 1000)
    return make_pipeline(encode(), LGBMClassifier(n_estimators=2))


def test_a_failed_trial_names_itself_and_its_parameters(world, train):
    def factory(trial):
        trial.suggest_int("leaves", 1, 1)
        return make_pipeline(encode(), LGBMClassifier(num_leaves=1))

    with pytest.raises(TrainingError, match=r"trial 0 with \{'leaves': 1\}: fit\(\) raised"):
        searched(world, train, factory=factory)


def test_a_factory_that_raises_names_itself_and_the_trial(world, train):
    def broken(trial):
        raise KeyError("depth")

    with pytest.raises(TrainingError, match=r"trial 0: broken\(\) raised KeyError: 'depth'"):
        searched(world, train, factory=broken)


def test_a_factory_that_returns_no_classifier_is_refused(world, train):
    with pytest.raises(TrainingError, match=r"returned a ColumnTransformer without predict_proba"):
        searched(world, train, factory=lambda trial: encode())


def test_progress_counts_every_trial(world, train):
    class Counting(Silence):
        def __init__(self):
            self.seen = []

        def advance(self, done, total):
            self.seen.append((done, total))

    counting = Counting()
    folds = expanding_folds(train, rows=1200, folds=2, gap=timedelta(hours=12))
    kept = Search(trials=2, rows=1200, folds=2)
    search(world().model, folds, settings=kept, progress=counting, seed=0, threads=1)
    assert counting.seen == [(1, 2), (2, 2)]

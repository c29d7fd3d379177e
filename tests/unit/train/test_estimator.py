"""The estimator: every open seed is fixed, what the user set stays, and what was fitted is found."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler

from sluiceway.declare.encoding import encode
from sluiceway.train.estimator import describe, settle
from sluiceway.train.fitted import find_fitted

NUMBERS = np.arange(40.0).reshape(20, 2)
LABELS = np.arange(20) % 2


def fitted_scaler():
    return StandardScaler().fit(NUMBERS)


def fitted_lightgbm():
    return LGBMClassifier(n_estimators=2, verbose=-1).fit(NUMBERS, LABELS)


def test_lightgbm_is_made_repeatable_wherever_it_stands():
    inner = LGBMClassifier()
    settle(make_pipeline(encode(), VotingClassifier([("a", inner)])), seed=7, threads=2)
    given = inner.get_params()
    assert (given["random_state"], given["n_jobs"], given["deterministic"], given["force_row_wise"]) == (
        7,
        2,
        True,
        True,
    )


def test_what_the_user_set_stays():
    own = LGBMClassifier(random_state=3, n_jobs=1, force_col_wise=True, deterministic=False, verbosity=0)
    given = settle(own, seed=7, threads=2).get_params()
    assert (given["random_state"], given["n_jobs"], given["deterministic"]) == (3, 1, False)
    assert "force_row_wise" not in given
    assert "verbose" not in given


def test_open_seeds_of_every_part_are_fixed():
    forest, encoder = RandomForestClassifier(), KBinsDiscretizer()
    settle(make_pipeline(ColumnTransformer([("t", encoder, ["a"])]), forest), seed=7, threads=2)
    assert (forest.random_state, encoder.random_state) == (7, 7)
    assert forest.n_jobs is None


def test_parts_without_parameters_are_left_alone():
    bare = object()
    assert settle(bare, seed=0, threads=1) is bare


def test_an_estimator_is_described_by_its_steps():
    assert describe(make_pipeline(encode(), LGBMClassifier())) == "ColumnTransformer > LGBMClassifier"


UNFITTED = [
    LGBMClassifier(),
    make_pipeline(encode("target"), LGBMClassifier()),
    encode("onehot"),
    CalibratedClassifierCV(LGBMClassifier()),
    VotingClassifier([("a", LGBMClassifier()), ("b", LogisticRegression())]),
    StackingClassifier([("a", LGBMClassifier())]),
    make_pipeline(FunctionTransformer(np.log1p), LGBMClassifier()),
    make_union(StandardScaler()),
    OneHotEncoder(categories=[["a"]]),
    KBinsDiscretizer(),
]


@pytest.mark.parametrize("estimator", UNFITTED, ids=lambda each: type(each).__name__)
def test_nothing_unfitted_is_called_fitted(estimator):
    assert find_fitted(estimator) == () == find_fitted(clone(estimator))


@pytest.mark.parametrize(
    ("build", "found"),
    [
        (fitted_lightgbm, ("LGBMClassifier",)),
        (lambda: make_pipeline(fitted_scaler(), LGBMClassifier()), ("standardscaler",)),
        (lambda: make_pipeline(encode(), fitted_lightgbm()), ("lgbmclassifier",)),
        (
            lambda: make_pipeline(encode(numbers=make_pipeline(SimpleImputer(), fitted_scaler()))),
            ("columntransformer.numbers.standardscaler",),
        ),
        (lambda: CalibratedClassifierCV(FrozenEstimator(fitted_lightgbm())), ("estimator",)),
        (lambda: make_pipeline(FrozenEstimator(fitted_scaler()), LGBMClassifier()), ("frozenestimator",)),
        (lambda: VotingClassifier([("a", LGBMClassifier()), ("b", fitted_lightgbm())]), ("b",)),
        (
            lambda: make_pipeline(FunctionTransformer(fitted_scaler().transform), LGBMClassifier()),
            ("functiontransformer.func.__self__",),
        ),
        (lambda: make_union(fitted_scaler(), SimpleImputer()), ("standardscaler",)),
    ],
)
def test_what_was_fitted_is_named(build, found):
    assert find_fitted(build()) == found

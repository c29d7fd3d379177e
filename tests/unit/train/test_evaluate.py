"""Planted leaks and lies, from data or factory through training to a gate that stops and names them."""

import time
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sluiceway.core.errors import TrainingError
from sluiceway.declare.encoding import encode
from sluiceway.train.frame import load_frame
from sluiceway.train.split import split


def stopped(verdict):
    return {criterion.name: criterion.detail for criterion in verdict.closed}


def test_a_row_in_both_training_and_holdout_is_named(world, rows):
    table = rows()
    first, last = table.row(10, named=True), table["flight"][-5]
    copy = table[-5:-4].with_columns(pl.lit(first["flight"]).alias("flight"))
    made = world(rows=pl.concat([table[:-5], copy, table[-4:]]))
    assert last not in made.rows["flight"]
    assert stopped(made.judge()) == {"rows in both training and holdout": first["flight"]}


@pytest.fixture(scope="module")
def fitted_scaler(rows):
    everything = rows().select("wind", "delay").cast(pl.Float32).fill_null(float("nan"))
    return StandardScaler().fit(everything)


def with_numbers(step):
    return lambda trial: make_pipeline(encode(numbers=step), LGBMClassifier(n_estimators=25, num_leaves=7))


def test_an_encoder_fitted_on_all_rows_is_named(world, fitted_scaler):
    verdict = world(model=with_numbers(fitted_scaler)).judge()
    assert stopped(verdict)["steps fitted before training"] == "columntransformer.numbers (model)"


def test_a_frozen_encoder_is_refused_by_name_as_it_cannot_be_exported(world, fitted_scaler):
    with pytest.raises(TrainingError, match=r"its columntransformer\.numbers was fitted before training, which leaks"):
        world(model=with_numbers(FrozenEstimator(fitted_scaler))).train()


@pytest.mark.parametrize("kind", ["number", "text"])
def test_a_column_that_gives_the_label_away_is_named(world, rows, kind):
    own = pl.col("_label") * 40 + pl.int_range(pl.len()) % 7
    leak = own.cast(pl.Float64) if kind == "number" else own.cast(pl.String)
    verdict = world(rows=rows().with_columns(leak.alias("arr_delay"))).judge()
    assert stopped(verdict)["ROC AUC of the strongest feature alone"] == "arr_delay"


def test_a_column_known_only_for_late_rows_is_named(world, rows):
    only_late = pl.when(pl.col("_label") == 1).then(pl.col("delay")).alias("arr_delay")
    assert stopped(world(rows=rows().with_columns(only_late)).judge())["ROC AUC of the strongest feature alone"]


def test_a_baseline_that_beats_the_model_stops_it(world, rows):
    def better():
        return make_pipeline(encode(), LGBMClassifier(n_estimators=40, num_leaves=15))

    def worse(trial):
        return make_pipeline(encode(drop=["wind", "carrier"]), LGBMClassifier(n_estimators=2, num_leaves=2))

    names = stopped(world(model=worse, baseline=better).judge())
    assert "log loss, below the baseline's" in names
    assert names["log loss above the baseline's, worst slice of carrier"].startswith("fails on ")


class Restless(ClassifierMixin, BaseEstimator):
    """Logistic regression on features shaken by the time of day, whatever the seed."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):  # noqa: N803
        shaken = np.asarray(X) + np.random.default_rng(time.time_ns()).normal(0, 0.5, np.shape(X))
        self.made_ = LogisticRegression().fit(shaken, y)
        self.classes_ = self.made_.classes_
        return self

    def predict_proba(self, X):  # noqa: N803
        return self.made_.predict_proba(X)


def test_an_estimator_that_ignores_its_seed_does_not_reproduce(world):
    from skl2onnx import update_registered_converter
    from skl2onnx.common._registration import get_converter, get_shape_calculator

    def convert(scope, operator, container):
        operator.raw_operator = operator.raw_operator.made_
        get_converter("SklearnLinearClassifier")(scope, operator, container)

    shape = get_shape_calculator("SklearnLinearClassifier")
    options = {"zipmap": [True, False], "nocl": [True, False], "raw_scores": [True, False]}
    update_registered_converter(Restless, "TestRestless", shape, convert, options=options)
    numbers = make_pipeline(*impute_and_scale())
    names = stopped(world(model=lambda trial: make_pipeline(encode("onehot", numbers=numbers), Restless())).judge())
    assert "bytes of a second training" in names
    assert "log_loss" in names["metrics that differ after a second training"]
    assert "bytes of the baseline's second training" not in names
    names = stopped(world(baseline=lambda: make_pipeline(encode("onehot", numbers=numbers), Restless())).judge())
    assert "bytes of the baseline's second training" in names
    assert "bytes of a second training" not in names


def impute_and_scale():
    from sklearn.impute import SimpleImputer

    return SimpleImputer(), StandardScaler()


def test_an_export_that_lies_stops_at_the_gate(world, monkeypatch):
    from sluiceway.train import onnx_export

    honest = onnx_export.to_onnx

    def slightly_wrong(estimator, columns):
        model = estimator.steps[-1][1]
        model.booster_.set_leaf_output(0, 0, model.booster_.get_leaf_output(0, 0) + 2e-3)
        made = honest(estimator, columns)
        model.booster_.set_leaf_output(0, 0, model.booster_.get_leaf_output(0, 0) - 2e-3)
        return made

    def factory(trial):
        return make_pipeline(encode(), LGBMClassifier(n_estimators=25, num_leaves=7))

    made = world(model=factory, baseline=lambda: logistic(made))
    bundle, baseline = made.train(), made.train_baseline()
    monkeypatch.setattr(
        onnx_export,
        "to_onnx",
        lambda estimator, columns: (slightly_wrong if estimator.steps[-1][0] == "lgbmclassifier" else honest)(
            estimator, columns
        ),
    )
    assert "exported model against the fitted one, greatest difference" in stopped(
        made.judge(made.evaluate(bundle, baseline))
    )


def logistic(made):
    from sluiceway.train.baseline import logistic

    frame = load_frame(made.features, made.tables)
    return logistic(frame.take(split(frame, made.pipeline).train))


def test_an_export_that_is_another_model_is_refused_before_the_search(world):
    from sklearn.ensemble import RandomForestClassifier

    def forest(trial):
        trial.suggest_int("depth", 2, 9)
        return make_pipeline(encode(), RandomForestClassifier(20, max_depth=8))

    with pytest.raises(TrainingError, match=r"before the search: .*RandomForestClassifier exports to ONNX, but"):
        world(model=forest).train()


def test_evidence_survives_the_trip_through_storage(honest):
    from sluiceway.artifacts.candidate import Candidate
    from sluiceway.artifacts.codec import decode
    from sluiceway.artifacts.codec import encode as written

    candidate = honest[1]
    assert decode(Candidate, written(candidate)) == candidate
    assert replace(candidate, evaluation=replace(candidate.evaluation, curves="x")).content_id == candidate.content_id

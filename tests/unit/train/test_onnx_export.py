"""The export: the same predictions, the same bytes, and no silent lies."""

import hashlib
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.core.errors import TrainingError
from sluiceway.declare.encoding import encode
from sluiceway.train import onnx_converters
from sluiceway.train.baseline import logistic
from sluiceway.train.estimator import settle
from sluiceway.train.fitting import few_of_each_class
from sluiceway.train.float32_floor import float32_floor
from sluiceway.train.frame import Frame, load_frame
from sluiceway.train.onnx_export import to_onnx
from sluiceway.train.scoring import exported_probability, fitted_probability


@pytest.fixture(scope="module")
def frame(world):
    made = world()
    return load_frame(made.features, made.tables)


def greatest_difference(estimator, frame, other=None):
    other = other or frame
    trained = settle(estimator, seed=0, threads=2).fit(frame.x, frame.y)
    exported = exported_probability(to_onnx(trained, frame.columns), other, what="test")
    return float(np.abs(exported - fitted_probability(trained, other, what="test")).max())


def of_numbers(values, y):
    columns = tuple(FeatureColumn(name, "number", "view") for name in values.columns)
    zeros = np.zeros(len(y), dtype=np.int64)
    return Frame(columns, values, np.asarray(y, dtype=np.int64), zeros, zeros, pl.DataFrame())


def boosted(**settings):
    return LGBMClassifier(**{"n_estimators": 20, "num_leaves": 15, "verbose": -1, **settings})


@pytest.mark.parametrize("categories", ["ordinal", "target", "onehot"])
def test_lightgbm_predicts_the_same_behind_every_encoding(frame, categories):
    assert greatest_difference(make_pipeline(encode(categories), boosted()), frame) < 1e-6


def filled():
    return make_pipeline(SimpleImputer(), StandardScaler())


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        RandomForestClassifier(10, max_depth=6),
        GradientBoostingClassifier(n_estimators=5),
        KNeighborsClassifier(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_other_classifiers_predict_the_same_on_imputed_numbers(frame, model):
    small = frame.take(np.arange(600))
    assert greatest_difference(make_pipeline(encode("target", numbers=filled()), model), small) < 1e-5


def test_histogram_boosting_keeps_missing_numbers(frame):
    assert greatest_difference(make_pipeline(encode(), HistGradientBoostingClassifier(max_iter=10)), frame) < 1e-6


def test_the_default_baseline_predicts_the_same(frame):
    assert greatest_difference(logistic(frame), frame) < 1e-6


def test_unseen_texts_and_newly_missing_numbers_predict_the_same(frame):
    known = frame.take(~frame.x["wind"].is_nan().to_numpy() & (frame.x["carrier"] != "C0").to_numpy())
    for estimator in (make_pipeline(encode(), boosted()), logistic(known)):
        assert greatest_difference(estimator, known, frame) < 1e-6


def test_infinite_and_missing_numbers_predict_the_same(frame):
    odd = np.array([np.nan, np.inf, -np.inf, 0.0], dtype=np.float32)
    numbers = frame.x.select("wind", "delay")
    stranger = numbers.with_columns(pl.Series("wind", np.resize(odd, len(frame))))
    clean, strange = of_numbers(numbers.fill_nan(0), frame.y), of_numbers(stranger, frame.y)
    assert greatest_difference(make_pipeline(encode(), boosted()), clean, strange) < 1e-6


def test_an_estimator_without_an_encoder_takes_columns_of_numbers(frame):
    numbers = of_numbers(frame.x.select("wind", "delay"), frame.y)
    assert greatest_difference(boosted(), numbers) < 1e-6
    assert greatest_difference(make_pipeline(filled(), LogisticRegression()), numbers) < 1e-6


def test_dropped_columns_and_odd_names_stay_inputs(frame):
    names = {"wind": "label", "delay": "dép, [x]", "carrier": "probabilities", "tail": "variable"}
    columns = tuple(FeatureColumn(names[each.name], each.type, "view") for each in frame.columns)
    renamed = Frame(columns, frame.x.rename(names), frame.y, frame.at, frame.known, frame.keys)
    assert greatest_difference(make_pipeline(encode(drop=["variable"]), boosted()), renamed) < 1e-6


def test_a_model_of_nothing_but_one_leaf_predicts_the_same(frame):
    few = few_of_each_class(frame, 200)
    assert greatest_difference(make_pipeline(encode(), boosted(min_child_samples=500)), few) < 1e-6


def neighbours(rows):
    """Neighbouring float32 values, where a midpoint rounded to nearest hits a value."""
    chance = np.random.default_rng(0)
    steps = chance.integers(0, 200, (rows, 6))
    values = (np.float32(1000).view(np.int32) + steps).astype(np.int32).view(np.float32)
    score = steps.sum(1) + steps[:, 0] % 7 * 30 + chance.normal(0, 40, rows)
    return of_numbers(pl.DataFrame({f"f{n}": values[:, n] for n in range(6)}), score > 690)


def test_thresholds_move_no_row_where_rounding_to_nearest_would(monkeypatch):
    dense = neighbours(8000)
    model = make_pipeline(encode(), boosted(n_estimators=50, num_leaves=63))
    assert greatest_difference(model, dense) < 1e-6
    monkeypatch.setattr(onnx_converters, "float32_floor", list)
    assert greatest_difference(model, dense) > 1e-3


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_the_floor_is_the_greatest_float32_not_above(thresholds):
    floors = np.array(float32_floor(thresholds))
    with np.errstate(over="ignore", under="ignore"):
        above = np.nextafter(floors.astype(np.float32), np.float32(np.inf)).astype(np.float64)
    assert (floors <= thresholds).all()
    assert (above > thresholds).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"boosting_type": "rf", "subsample": 0.5, "subsample_freq": 1},
        {"linear_tree": True},
        {"zero_as_missing": True},
        {"sigmoid": 2.0},
    ],
    ids=str,
)
def test_options_that_would_export_as_another_model_are_refused(frame, settings):
    trained = make_pipeline(encode(), boosted(**settings)).fit(frame.x, frame.y)
    with pytest.raises(TrainingError, match="LightGBM's"):
        to_onnx(trained, frame.columns)


def test_an_estimator_that_cannot_be_exported_says_so_on_one_line(frame):
    from sklearn.preprocessing import FunctionTransformer

    trained = make_pipeline(encode(), FunctionTransformer(np.nan_to_num), LogisticRegression()).fit(frame.x, frame.y)
    with pytest.raises(TrainingError, match="does not export to ONNX") as caught:
        to_onnx(trained, frame.columns)
    assert "\n" not in str(caught.value)


CHILD = """
import hashlib, sys, numpy as np, polars as pl
from lightgbm import LGBMClassifier
from sklearn.pipeline import make_pipeline
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.declare.encoding import encode
from sluiceway.train.estimator import settle
from sluiceway.train.onnx_export import to_onnx
chance = np.random.default_rng(0)
wind = chance.normal(size=2000).astype("f4")
x = pl.DataFrame({"wind": wind, "carrier": [f"C{n}" for n in chance.integers(0, 5, 2000)]})
columns = (FeatureColumn("wind", "number", "view"), FeatureColumn("carrier", "text", "view"))
model = settle(make_pipeline(encode("target"), LGBMClassifier(n_estimators=10)), seed=3, threads=int(sys.argv[1]))
trained = model.fit(x, (wind + chance.normal(size=2000) > 0).astype("i1"))
print(*(hashlib.sha256(to_onnx(trained, columns)).hexdigest() for _ in range(2)))
"""


def test_bytes_do_not_depend_on_process_hashing_or_threads():
    digests = set()
    for seed, threads in (("1", "1"), ("2", "2")):
        command = [sys.executable, "-c", CHILD, threads]
        environment = {"PYTHONHASHSEED": seed, "OMP_WAIT_POLICY": "PASSIVE"}
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        digests |= set(told.stdout.split())
    assert len(digests) == 1
    assert len(digests.pop()) == len(hashlib.sha256().hexdigest())


def test_probabilities_that_are_none_are_refused(frame):
    class Broken:
        def predict_proba(self, x):
            return np.full((len(x), 2), np.nan)

    with pytest.raises(TrainingError, match=r"3000 of 3000 rows got no probability"):
        fitted_probability(Broken(), frame, what="test")

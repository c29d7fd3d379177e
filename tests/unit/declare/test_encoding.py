"""Encoding: columns are chosen by their type, texts become numbers, numbers become float32."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone

from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.encoding import encode

X = pl.DataFrame(
    {
        "carrier": ["AA", "UA", "", "AA"] * 10,
        "kind": pl.Series(["x", "y", "x", "y"] * 10, dtype=pl.Categorical),
        "wind": pl.Series([1.0, float("nan"), 3.0, None] * 10, dtype=pl.Float32),
        "count": [1, 2, 3, 4] * 10,
        "night": [True, False, True, False] * 10,
        "day": pl.Series([None] * 40, dtype=pl.Date),
    }
)
Y = np.array([0, 1, 1, 0] * 10)


def test_texts_are_numbered_and_numbers_pass_as_float32():
    made = encode().fit(X, Y)
    assert list(made.get_feature_names_out()) == ["carrier", "kind", "wind", "count", "night"]
    given = made.transform(X)
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given[:2], [[1, 0, 1, 1, 1], [2, 1, np.nan, 2, 0]])


def test_unseen_texts_become_minus_one():
    made = encode().fit(X, Y)
    assert made.transform(X.with_columns(pl.lit("ZZ").alias("carrier")))[0, 0] == -1


def test_targets_are_cross_fitted_and_the_same_each_time():
    first, second = (encode("target").fit_transform(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.float32
    assert not np.array_equal(first, encode("target").fit(X, Y).transform(X), equal_nan=True)


def test_onehot_gives_each_text_a_column():
    assert encode("onehot").fit_transform(X, Y).shape == (40, 3 + 2 + 3)


def test_numbers_may_have_their_own_transformer():
    from sklearn.impute import SimpleImputer

    assert not np.isnan(encode(numbers=SimpleImputer()).fit_transform(X, Y)).any()


def test_dropped_columns_are_not_seen():
    made = encode(drop=["carrier", "wind"]).fit(X, Y)
    assert list(made.get_feature_names_out()) == ["kind", "count", "night"]


def test_a_column_to_drop_that_is_not_there_is_refused_with_a_hint():
    with pytest.raises(UnknownNameError, match="Did you mean 'carrier'"):
        encode(drop=["carier"]).fit(X, Y)


def test_an_encoder_can_be_cloned():
    made = encode("target", drop=["kind"])
    np.testing.assert_array_equal(clone(made).fit_transform(X, Y), made.fit_transform(X, Y))


def test_importing_the_package_does_not_load_scikit_learn():
    code = "import sys, sluiceway; print({'sklearn', 'numpy', 'polars'} & set(sys.modules) or 'light')"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "light"

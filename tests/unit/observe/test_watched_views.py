from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.observe.rows import DAY_US, Rows
from sluiceway.observe.watched_views import Usual, missing, watched_views

NAN = float("nan")
VIEW = ServedView("weather", "d" * 64, ("origin",), ("temp", "sky", "secret"))


def rows(days, **columns):
    features = pl.DataFrame({name: pl.Series(values) for name, values in columns.items()})
    return Rows(np.array(days, dtype=np.int64) * DAY_US, features, np.empty(0), np.empty(0))


NOTHING = rows([], temp=pl.Series([], dtype=pl.Float64))


def watched(then, earlier=NOTHING, watched=("temp", "sky"), length=30):
    hour = timedelta(hours=1)
    (found,) = watched_views([VIEW], then, earlier, watched=watched, length=length, within={"weather": hour})
    return found


def test_numbers_and_texts_are_missing_as_a_model_is_fed():
    some = rows([0, 0, 0], temp=[1.0, NAN, NAN], sky=["clear", "", "clear"])
    assert missing(some.features, ["temp"]).tolist() == [False, True, True]
    assert missing(some.features, ["sky"]).tolist() == [False, True, False]
    assert missing(some.features, ["temp", "sky"]).tolist() == [False, True, False]


def test_what_is_usual_is_counted_in_the_reference_and_what_is_not_logged_is_not_watched():
    found = watched(rows([0, 0, 0], temp=[1.0, NAN, NAN], sky=["clear", "", "clear"]))
    assert (found.name, found.columns, found.within) == ("weather", ("temp", "sky"), timedelta(hours=1))
    assert found.usual == {"temp": Usual(2, 3), "sky": Usual(1, 3), "any value": Usual(1, 3)}


def test_a_view_with_one_column_has_no_more_to_miss():
    assert list(watched(rows([0], temp=[1.0]), watched=("temp",)).usual) == ["temp"]


def test_of_seasonal_columns_the_worst_stretch_before_is_usual_too():
    days = np.repeat(np.arange(60), 10)
    gone = np.where((days >= 20) & (days < 30), NAN, 1.0)
    found = watched(rows([60] * 10, temp=[1.0] * 10), rows(days, temp=gone), watched=("temp",), length=10)
    # stretches begin a week apart: days 21 to 30 miss nine of ten
    assert found.usual["temp"] == Usual(90, 100)
    quiet = watched(rows([60] * 10, temp=[NAN] * 10), rows(days, temp=gone), watched=("temp",), length=10)
    assert quiet.usual["temp"].share == 1.0


def test_without_rows_nothing_is_usual():
    assert Usual(0, 0).share == 0.0


@pytest.mark.parametrize("columns", [(), ("carrier",)])
def test_of_a_view_without_watched_columns_only_freshness_is_watched(columns):
    found = watched(rows([0], temp=[1.0], sky=[""]), watched=columns)
    assert (found.columns, found.usual) == ((), {})

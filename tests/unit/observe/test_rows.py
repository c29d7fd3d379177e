from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.observe.rows import DAY_US, Rows, arrays, fed
from sluiceway.observe.spans import Span

COLUMNS = (FeatureColumn("carrier", "text", "input"), FeatureColumn("wind", "number", "view"))


def rows(at):
    at = np.array(at, dtype=np.int64)
    return Rows(at, pl.DataFrame({"wind": pl.Series(at, dtype=pl.Float32)}), at / 10.0, np.full(at.size, np.nan))


def test_columns_are_fed_as_to_the_model():
    table = pl.DataFrame({"feature:carrier": ["UA", None], "feature:wind": [1.5, None]})
    found = table.select(fed(COLUMNS, ["feature:carrier", "feature:wind"]))
    assert found.columns == ["carrier", "wind"]
    assert found["carrier"].to_list() == ["UA", ""]
    assert arrays(found)["wind"].dtype == np.float32
    assert np.isnan(arrays(found)["wind"][1])


def test_a_stretch_holds_its_first_moment_and_not_its_last():
    began = datetime(1970, 1, 1, tzinfo=UTC)
    found = rows([0, 5, 9, 10, 11]).within(Span(began + timedelta(microseconds=5), began + timedelta(microseconds=10)))
    assert found.at.tolist() == [5, 9]
    assert found.features["wind"].to_list() == [5, 9]
    assert found.probability.tolist() == [0.5, 0.9]


def test_days_count_from_the_epoch_also_before_it():
    assert rows([-1, 0, DAY_US - 1, DAY_US]).days.tolist() == [-1, 0, 0, 1]


def test_rows_are_taken_by_mask_or_by_place():
    some = rows([1, 2, 3])
    assert some.take(np.array([True, False, True])).at.tolist() == some.take(np.array([0, 2])).at.tolist() == [1, 3]
    assert len(some.take(np.array([2, 2, 2]))) == 3


def test_rows_since_a_moment_hold_that_moment():
    moment = datetime(1970, 1, 1, microsecond=5, tzinfo=UTC)
    assert rows([1, 5, 5, 9]).since(moment).at.tolist() == [5, 5, 9]
    assert len(rows([1, 2]).since(moment)) == 0

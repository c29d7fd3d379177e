"""The predictor: to the bit what training scored, asked alone or among others."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import bundles
from tests.unit.train.conftest import World

from sluiceway.core.errors import DamagedError
from sluiceway.online.predictor import Predictor
from sluiceway.train.frame import load_frame
from sluiceway.train.scoring import exported_probability

ROWS = 400


@cache
def trained(kind):
    """A predictor of a model that was trained here, with rows and what training scores them."""
    world = World()
    bundle = world.train() if kind == "trees" else world.train_baseline()
    onnx = world.objects.get(bundle.onnx)
    frame = load_frame(world.features, world.tables)
    rows = [
        {name: None if value == "" or value != value else value for name, value in row.items()}  # noqa: PLR0124 - NaN
        for row in frame.x.head(ROWS).to_dicts()
    ]
    return Predictor(bundle, onnx), bundle, rows, exported_probability(onnx, frame, what="test")


@pytest.fixture(params=["trees", "logistic"])
def scored(request):
    return trained(request.param)


def test_each_row_alone_scores_as_in_training_to_the_bit(scored):
    predictor, _, rows, probability = scored
    assert any(row["carrier"] is None for row in rows)
    assert any(row["wind"] is None for row in rows)
    assert np.array_equal([predictor.rows([row])[0] for row in rows], probability[:ROWS])


@pytest.mark.parametrize("together", [1, 2, 3, 16, ROWS])
def test_rows_together_score_as_in_training_to_the_bit(scored, together):
    predictor, _, rows, probability = scored
    parts = [predictor.rows(rows[place : place + together]) for place in range(0, ROWS, together)]
    assert np.array_equal(np.concatenate(parts), probability[:ROWS])


@given(
    st.fixed_dictionaries(
        {
            "carrier": st.none() | st.sampled_from(["C0", "C1", "C9", ""]) | st.text(max_size=5),
            "tail": st.none() | st.text(max_size=5),
            "wind": st.none() | st.floats(allow_nan=False, width=32),
            "delay": st.none() | st.floats(-10, 10),
        }
    )
)
@settings(deadline=None)
def test_any_row_scores_the_same_alone_and_among_others(row):
    for kind in ("trees", "logistic"):
        predictor, _, rows, _ = trained(kind)
        among = predictor.rows([*rows[:5], row, *rows[5:8]])[5]
        assert np.array_equal(predictor.rows([row])[0], among, equal_nan=True)


def test_threads_share_a_predictor(scored):
    predictor, _, rows, probability = scored
    with ThreadPoolExecutor(4) as pool:
        assert np.array_equal(list(pool.map(lambda row: predictor.rows([row])[0], rows)), probability[:ROWS])


def test_no_rows_have_no_probabilities(scored):
    predictor, bundle, _, _ = scored
    assert predictor.rows([]) == []
    kinds = {column.name: object if column.type == "text" else np.float32 for column in bundle.columns}
    found = predictor.many({name: np.empty(0, kind) for name, kind in kinds.items()})
    assert (found.shape, found.dtype) == ((0,), np.float64)


def row(**values):
    return {"carrier": "AA", "distance": 500.0, "origin_weather__latest_wind": None} | values


def test_what_a_model_gives_that_is_no_probability_comes_back_as_it_is():
    nan, seven, infinite = (
        Predictor(bundles.made(model), model)
        for model in (bundles.constant(float("nan")), bundles.constant(7.0), bundles.constant(float("-inf")))
    )
    assert np.isnan(nan.rows([row()])[0])
    assert (seven.rows([row()])[0], infinite.rows([row()])[0]) == (7.0, float("-inf"))
    assert seven.rows([row()] * 3) == [7.0] * 3


@pytest.mark.parametrize(("given_value", "taken"), [(1.000005, 1.0), (-0.000005, 0.0), (1.0, 1.0), (0.0, 0.0)])
def test_rounding_past_0_and_1_is_cut_off(given_value, taken):
    model = bundles.constant(given_value)
    predictor = Predictor(bundles.made(model), model)
    assert predictor.rows([row()])[0] == taken
    assert predictor.rows([row()] * 2) == [taken] * 2


def test_a_model_that_raises_raises():
    model = bundles.raising_where_above(400)
    predictor = Predictor(bundles.made(model), model)
    assert 0 < predictor.rows([row(distance=1.0)])[0] < 1
    with pytest.raises(Exception, match="out of"):
        predictor.rows([row()])[0]


@pytest.mark.parametrize("data", [b"", b"no model", b"\x08\x01"])
def test_bytes_that_are_no_model_are_damage(data):
    with pytest.raises(DamagedError, match="cannot be loaded"):
        Predictor(bundles.made(bundles.logistic()), data)


def test_a_model_of_other_columns_is_damage():
    model = bundles.logistic()
    with pytest.raises(DamagedError, match=r"differ in column:carrier$"):
        Predictor(bundles.made(model, columns=bundles.COLUMNS[1:]), model)

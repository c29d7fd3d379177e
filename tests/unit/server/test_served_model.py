from dataclasses import replace

import pytest
from tests import bundles

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.rollout_state import Served
from sluiceway.artifacts.serving_contract import Field, RequestFeature
from sluiceway.core.errors import DamagedError, RequestError
from sluiceway.ports.feature_reader import FeatureRow
from sluiceway.server.request import AskedRow
from sluiceway.server.served_model import ServedModel

SERVED = Served("v1", "model", "b", "k", "s")


class Reader:
    """Tells what it was asked for."""

    def __init__(self):
        self.asked = []

    def read(self, entities, *, now_us=None):
        self.asked.append((dict(entities), now_us))
        return [
            FeatureRow({"origin_weather__latest_wind": float(place)}, {"origin_weather": ("d", 1, 2)})
            for place, _ in enumerate(entities["origin"])
        ]


def model(onnx, **changes):
    bundle = replace(bundles.made(onnx), **changes)
    return ServedModel(SERVED, bundle, onnx, Reader())


def asked(**values):
    return AskedRow(bundles.row(**values), {})


def test_features_are_read_by_entity_as_of_the_moment_given():
    served = model(bundles.logistic())
    known = served.known([asked(), asked(origin=None, distance=None)], at_us=77)
    assert served._reader.asked == [({"origin": ["EWR", None]}, 77)]
    assert known[0].vector == {"carrier": "AA", "distance": 500.0, "origin_weather__latest_wind": 0.0}
    assert known[1].vector == {"carrier": "AA", "distance": None, "origin_weather__latest_wind": 1.0}
    assert known[0].views == {"origin_weather": ("d", 1, 2)}


def test_rows_asked_together_get_what_each_gets_alone():
    served = model(bundles.logistic())
    vectors = [served.known([asked(distance=distance)], 0)[0].vector for distance in (None, 0.0, 1234.5, 1e30)]
    assert served.probabilities(vectors) == [served.probabilities([vector])[0] for vector in vectors]


@pytest.mark.parametrize(
    ("onnx", "why"),
    [
        (bundles.nan_where_above(400), "the model gave nan, which is no probability"),
        (bundles.raising_where_above(400), "the model raised InvalidArgument"),
    ],
)
def test_a_row_that_fails_does_not_take_the_others_with_it(onnx, why):
    served = model(onnx)
    vectors = [each.vector for each in served.known([asked(), asked(distance=10.0), asked(distance=401.0)], 0)]
    first, second, third = served.probabilities(vectors)
    assert first.startswith(why)
    assert third.startswith(why)
    assert second == served.probabilities([vectors[1]])[0]
    assert 0 < second < 1


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 7.0, -0.5, 1.0001])
def test_what_is_outside_0_to_1_is_no_probability(value):
    (found,) = model(bundles.constant(value)).probabilities([dict.fromkeys(c.name for c in bundles.COLUMNS)])
    assert found.endswith("which is no probability")


@pytest.mark.parametrize(("value", "taken"), [(1.000001, 1.0), (-0.000001, 0.0)])
def test_rounding_past_0_and_1_is_forgiven_as_in_training(value, taken):
    assert model(bundles.constant(value)).probabilities([dict.fromkeys(c.name for c in bundles.COLUMNS)]) == [taken]


def test_what_a_request_cannot_give_is_its_own_fault():
    half = RequestFeature("half", "weight / 2", ("call", "/", ("column", "weight"), ("integer", 2)))
    fields = (*bundles.CONTRACT.inputs, Field("weight", "number"))
    served = model(bundles.logistic(), contract=bundles.other_contract(inputs=fields, request=(half,)))
    with pytest.raises(RequestError, match="half"):
        served.known([asked()], 0)
    assert served.known([asked(carrier="7", weight=1.0)], 0)[0].vector["carrier"] == "7"


def test_a_contract_that_lacks_a_column_is_damage():
    columns = (*bundles.COLUMNS[:2], FeatureColumn("origin_weather__latest_wind", "number", "view"))
    with pytest.raises(DamagedError, match="does not give its column 'origin_weather__latest_wind'"):
        model(bundles.logistic(), columns=columns, contract=bundles.other_contract(views=()))


def test_two_models_feed_alike_when_columns_and_contract_are_the_same():
    one, other = model(bundles.logistic()), model(bundles.flipped())
    third = model(bundles.logistic(), contract=bundles.other_contract(key=()))
    assert one.feeds_on == other.feeds_on != third.feeds_on

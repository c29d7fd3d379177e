import pytest
from tests.bundles import CONTRACT, other_contract

from sluiceway.artifacts.serving_contract import Field
from sluiceway.core.errors import MisuseError
from sluiceway.deploy.same_requests import require_same_requests


def test_models_that_take_the_same_may_read_other_features():
    require_same_requests(("v1", CONTRACT), ("v2", other_contract(views=())))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inputs": (*CONTRACT.inputs, Field("gate", "text"))}, "their inputs differ in gate"),
        ({"inputs": (Field("carrier", "integer"), *CONTRACT.inputs[1:])}, "their inputs differ in carrier"),
        ({"key": ()}, "their keys differ in flight_id"),
    ],
)
def test_models_that_take_other_fields_are_refused(change, said):
    with pytest.raises(MisuseError, match=f"v2 cannot be tried out beside v1: {said}; roll out"):
        require_same_requests(("v1", CONTRACT), ("v2", other_contract(**change)))

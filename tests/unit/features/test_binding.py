"""What the data cannot give is refused before anything is computed."""

import pytest
from tests.small_airline import DELAYS, INPUTS, LANDINGS, build, landed, landings, pipeline, usual

import sluiceway as sw
from sluiceway.core.errors import DeclarationError, MisuseError, UnknownNameError


def over_carrier(feature, entity="carrier"):
    return sw.FeatureView("v", entity=entity, source=LANDINGS, features=[feature])


@pytest.mark.parametrize(
    ("views", "inputs", "error", "words"),
    [
        ([over_carrier(sw.count(over="6h"), entity="airline")], INPUTS, UnknownNameError, "airline"),
        ([over_carrier(sw.mean("dely", over="6h"))], INPUTS, UnknownNameError, "Did you mean 'delay'"),
        ([over_carrier(sw.mean("carrier", over="6h"))], INPUTS, MisuseError, "which is text"),
        ([over_carrier(sw.latest("lands"))], INPUTS, MisuseError, "which is time"),
        ([sw.RequestView(carrier="upper(carrier)")], INPUTS, MisuseError, "has the name of an input"),
        ([DELAYS, sw.RequestView(Carrier="distance + 1")], ("distance",), MisuseError, "an entity or a key"),
        ([sw.RequestView(id="distance + 1")], ("distance",), MisuseError, "an entity or a key"),
        ([sw.RequestView(other="upper(tailnum)")], INPUTS, DeclarationError, "tailnum"),
        ([DELAYS], (*INPUTS, "tailnum"), UnknownNameError, "tailnum"),
    ],
)
def test_what_the_data_cannot_give_is_refused_before_anything_is_computed(views, inputs, error, words):
    with pytest.raises(error, match=words):
        build(pipeline(views), usual(), inputs=inputs)


def test_an_entity_of_another_type_is_refused():
    numbered = [{**row, "carrier": row["id"] % 2} for row in landings()]
    with pytest.raises(MisuseError, match="entity 'carrier' is integer in source 'landings' and text where"):
        build(pipeline(), usual(landings=landed(numbered)))

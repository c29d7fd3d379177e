import pyarrow as pa
import pytest

from sluiceway.core.errors import MisuseError
from sluiceway.start.columns import facts_of
from sluiceway.start.entity import entity_of

FACTS = facts_of(
    pa.table(
        {
            "customer_id": [number % 20 for number in range(100)],
            "carrier": [["AA", "UA"][number % 2] for number in range(100)],
            "order_no": list(range(100)),
            "price": [number / 7 for number in range(100)],
            "city": ["Rome", "Oslo"] * 50,
        }
    )
)


def test_entities_are_named_so_and_stand_in_several_rows():
    assert entity_of(FACTS, given=None, besides=()).names == ("customer_id", "carrier")


def test_what_is_something_else_already_is_no_entity():
    assert entity_of(FACTS, given=None, besides={"customer_id", "carrier"}).names == ()


def test_the_given_entity_is_taken_without_a_question():
    found = entity_of(FACTS, given="city", besides=())
    assert (found.names, found.doubt) == (("city",), "")


@pytest.mark.parametrize(
    ("given", "besides", "why"), [("price", (), "number"), ("city", ("city",), "already"), ("town", (), "town")]
)
def test_an_entity_that_cannot_be_is_refused(given, besides, why):
    with pytest.raises(MisuseError, match=why):
        entity_of(FACTS, given=given, besides=besides)

import pytest

from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.serving_contract import Field, RequestFeature, ServedView, ServingContract
from sluiceway.core.digest import digest_of
from sluiceway.declare.expression import parse_expression

EXPRESSIONS = [
    "hour(at_zone(t, 'America/New_York'))",
    "i in (1, 2, null) or s in ('a', 'ü')",
    "case when i > 1 then 1e16 when x < 0.1 then -2.0 else 9007199254740993 end",
    "cast(t + interval '36 hours' as varchar) || null",
    "t > timestamptz '2024-03-10 12:00:00+00' and not f = true",
    "-9223372036854775807 - 1",
]


def contract(*request):
    views = (
        ServedView("pairs", "a" * 64, ("origin", "carrier"), ("pairs__n",)),
        ServedView("delays", "b" * 64, ("carrier",), ("delays__mean", "delays__last"), ("delays__last",), 10),
    )
    return ServingContract((Field("t", "time"), Field("i", "integer")), (Field("id", "integer"),), views, request)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_contract_comes_back_from_json_equal_to_its_last_literal(text):
    made = contract(RequestFeature("made", text, parse_expression(text).tree))
    read = decode(ServingContract, encode(made))
    assert read == made
    assert repr(read.request[0].tree) == repr(parse_expression(text).tree)  # 2 == 2.0, but they are two literals
    assert digest_of(read) == digest_of(made)


def test_a_tree_of_lists_becomes_the_tree_it_stands_for():
    assert RequestFeature("f", "i in (1)", ["in", ["column", "i"], [["integer", 1]]]).tree == (
        "in",
        ("column", "i"),
        (("integer", 1),),
    )


def test_entities_are_named_once_in_the_order_of_the_views():
    assert contract().entities == ("origin", "carrier")

"""Which keys have facts that a correction moves to another entity."""

import polars as pl
import pytest

import sluiceway as sw
from sluiceway.features.moved_facts import key_and_entity, keys_that_move, may_move


def view_of(key, entity=("customer",)):
    source = sw.Source("orders", sql="unused", key=key, event_time="t")
    return sw.FeatureView("v", entity=entity, source=source, ttl="1d", features=[sw.latest("price")])


@pytest.mark.parametrize(
    ("key", "entity", "moves"),
    [
        (None, "customer", False),
        ("customer", "customer", False),
        ("id", "customer", True),
        (("id", "customer"), "customer", True),
    ],
)
def test_facts_move_only_under_a_key_that_is_no_part_of_the_entity(key, entity, moves):
    assert may_move(view_of(key, entity)) is moves


def test_a_key_moves_with_two_entities_one_of_which_may_be_missing_but_not_with_one_told_twice():
    view = view_of("id")
    rows = pl.DataFrame(
        {"id": [1, 1, 2, 2, 3, 3, None, None, 4], "customer": ["a", "a", "a", "b", "a", None, "a", "b", None]}
    )
    assert key_and_entity(view) == ["id", "customer"]
    assert sorted(keys_that_move(view, rows).get_column("id")) == [2, 3]

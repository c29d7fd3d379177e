import random

import pyarrow as pa
import pytest

from sluiceway.start.columns import facts_of
from sluiceway.start.unusable import unusable

ROWS = 400
CHANCE = random.Random(5)
WORDS = ["good", "bad", "so", "it", "was", "very"]
COLUMNS = {
    "empty": (pa.array([None] * ROWS, pa.float64()), "every value is missing"),
    "same": ([7] * ROWS, "its only value is 7"),
    "passenger_id": ([3 * number for number in range(ROWS)], "an identifier"),
    "counted": (list(range(10, 10 + ROWS)), "an identifier"),
    "ticket": ([f"T{number}" for number in range(ROWS)], "an identifier"),
    "review": ([" ".join(CHANCE.choices(WORDS, k=12)) for _ in range(ROWS)], "free text"),
    "street": ([f"s{number % 210}" for number in range(ROWS)], "too many values"),
    "born": (pa.array(range(ROWS), pa.timestamp("s")), "a time"),
}
USABLE = {
    "income": [number * number for number in range(ROWS)],
    "flag": [1 if number % 3 else None for number in range(ROWS)],
    "class": ["a", "b"] * (ROWS // 2),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_without_use_is_left_out_with_the_reason(name):
    (found,) = unusable(facts_of(pa.table({name: COLUMNS[name][0]})), besides=())
    assert found.column == name
    assert found.reason.startswith(COLUMNS[name][1])


def test_what_can_be_learnt_from_stays():
    assert list(unusable(facts_of(pa.table(USABLE)), besides=())) == []


def test_what_is_something_else_is_not_judged():
    assert list(unusable(facts_of(pa.table({"same": [7] * ROWS})), besides={"same"})) == []

import random

import polars as pl
import pyarrow as pa

from sluiceway.start.columns import facts_of
from sluiceway.start.suspects import ranks_alone, suspects

CHANCE = random.Random(3)
ROWS = 600
TRUTH = [None if place % 10 == 0 else CHANCE.random() < 0.4 for place in range(ROWS)]
FACTS = facts_of(
    pa.table(
        {
            "copy": [None if truth is None else int(truth) for truth in TRUTH],
            "status": ["open" if not truth else "closed" for truth in TRUTH],
            "landed": [None if truth is None else CHANCE.random() for truth in TRUTH],
            "honest": [CHANCE.gauss(0.5 * bool(truth), 1) for truth in TRUTH],
            "missing": [None if CHANCE.random() < 0.3 else 1.0 for _ in TRUTH],
        }
    )
)


def test_what_tells_the_outcome_alone_or_is_missing_with_it_is_suspected():
    truth = pl.Series(TRUTH)
    ranks = ranks_alone(FACTS, truth, names=list(FACTS))
    assert set(suspects(FACTS, truth, ranks)) == {"copy", "status", "landed"}
    assert next(iter(ranks)) == "copy"


def test_too_few_outcomes_of_a_kind_rank_nothing():
    assert ranks_alone(FACTS, pl.Series([True] * 5 + [False] * (ROWS - 5)), names=list(FACTS)) == {}

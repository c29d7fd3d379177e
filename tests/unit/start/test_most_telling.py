import random

import pyarrow as pa

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.start.columns import facts_of
from sluiceway.start.most_telling import MOST_INPUTS, earlier_rows, most_telling
from sluiceway.start.target import target_of
from sluiceway.start.time_of_rows import TimeOfRows

CHANCE = random.Random(2)
UNTIMED = TimeOfRows(None, "no column holds times")


def test_the_rows_of_the_holdout_have_no_say():
    rows = 500
    truth = [CHANCE.random() < 0.5 for _ in range(rows)]
    columns = {f"c{place}": [CHANCE.gauss(0, 1) for _ in range(rows)] for place in range(MOST_INPUTS + 50)}
    earlier = earlier_rows(UNTIMED, ["c0"], table=pa.table(columns), engine=DuckdbEngine())
    columns["early"] = [CHANCE.gauss(2 * told * now, 1) for told, now in zip(truth, earlier, strict=True)]
    columns["late"] = [CHANCE.gauss(2 * told * (not now), 1) for told, now in zip(truth, earlier, strict=True)]
    table = pa.table({**columns, "y": truth})
    facts = facts_of(table)
    target = target_of("y", facts, table=table, engine=DuckdbEngine())
    names = [name for name in facts if name != "y"]
    best = most_telling(facts, target.truth, names, earlier=earlier)
    assert len(best) == MOST_INPUTS
    assert "early" in best
    assert abs(earlier.mean() - 0.6) < 0.01

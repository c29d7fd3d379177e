"""Rows dealt out to parts: all of them, and who belongs together in one part."""

import polars as pl
import pytest

from sluiceway.adapters.memory_derived import MemoryDerived
from sluiceway.core.errors import DamagedError
from sluiceway.features.dealt_rows import DealtRows

PARTS = 5
RUNS = [
    pl.DataFrame({"who": ["a", "b", None, "c"], "what": [1, 2, 3, 4]}),
    pl.DataFrame({"who": [None, "c", "a", "d"], "what": [5, 6, 7, 8]}),
    pl.DataFrame(schema={"who": pl.String, "what": pl.Int64}),
]


def dealt(derived):
    rows = DealtRows("run-{}".format, by=["who"], parts=PARTS, derived=derived)
    for run in RUNS:
        rows.add(run)
    return rows


def test_every_row_is_in_one_part_together_with_all_of_its_kind():
    rows = dealt(MemoryDerived())
    parts = [rows.part(number) for number in range(PARTS)]
    assert pl.concat(parts).sort("what").equals(pl.concat(RUNS).sort("what"))
    kinds = [who for part in parts for who in part.get_column("who").unique()]
    assert len(kinds) == len(set(kinds)) == 5


def test_runs_that_are_forgotten_or_removed_are_missed():
    derived = MemoryDerived()
    rows = dealt(derived)
    rows.drop()
    assert derived.get("run-0") is None
    with pytest.raises(DamagedError, match="run again"):
        rows.part(0)

"""Rows with the same values are counted together, in however many shares they are looked at."""

from unittest.mock import patch

import hypothesis.strategies as st
import polars as pl
from hypothesis import given, settings
from tests.every_kind import ROW, table_of

from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.declare.column_rules import column
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import unique
from sluiceway.validate.rules import declared_rules, measure
from sluiceway.validate.shares import shares
from sluiceway.validate.source_table import SourceTable

ROWS = st.lists(ROW, max_size=20)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, names=st.sampled_from([("f",), ("f", "s"), ("i", "t", "b")]))
def test_every_row_is_in_one_share_with_all_that_are_alike(rows, names):
    frame = pl.DataFrame(table_of(rows))
    with patch("sluiceway.validate.shares.VALUES_AT_ONCE", 4):
        parts = [part.collect() for part in shares(frame.lazy(), names, height=frame.height)]
    assert sum(part.height for part in parts) == frame.height
    different = sum(part.select(names).unique().height for part in parts)
    assert different == frame.select(names).unique().height


@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_rules_of_distinct_values_find_the_same_in_many_shares_as_in_one(rows):
    source = Source("s", files("s.csv"), expectations=[column("f").unique(), unique("s", "b"), column("s").one_of("a")])
    ref = MemoryTables().write("sources/s", table_of(rows))
    table = SourceTable(source, ref, pl.DataFrame(table_of(rows)).lazy())
    whole = measure(table, declared_rules(table, {}))
    with patch("sluiceway.validate.shares.VALUES_AT_ONCE", 4):
        assert measure(table, declared_rules(table, {})) == whole

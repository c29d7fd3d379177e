"""Counts of different values: exact while they are few, near enough when they are many, and the same everywhere."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.plans.distinct import KEPT, counted, counted_sql, distinct_sql, hash_of, least, merged_sql

ENGINE = DuckdbEngine(threads=2)


def ask(sql, values, kind):
    return ENGINE.query(f"SELECT {sql} AS answer FROM t", {"t": pa.table({"v": pa.array(values, kind)})})[0][0].as_py()


@pytest.mark.parametrize(
    ("kind", "values"),
    [(pa.int64(), st.integers(-(2**63), 2**63 - 1)), (pa.string(), st.text()), (pa.bool_(), st.booleans())],
)
def test_a_value_has_the_hash_that_the_engine_gives_it(kind, values):
    @given(st.lists(values, min_size=1, max_size=30))
    @settings(max_examples=30, deadline=None)
    def check(some):
        assert ask(distinct_sql("v"), some, kind) == least({hash_of(value) for value in some})

    check()


@pytest.mark.parametrize("many", [0, 1, KEPT - 1, KEPT, KEPT + 1, 20_000, 300_000])
def test_a_count_is_exact_below_the_limit_and_within_a_tenth_above_it(many):
    hashes = least({hash_of(value) for value in range(many)})
    assert counted(hashes) == ask(counted_sql(f"({distinct_sql('v')})"), list(range(many)), pa.int64())
    assert counted(hashes) == (many if many < KEPT else pytest.approx(many, rel=0.1))


def test_two_sets_merge_as_if_they_had_been_one():
    both = merged_sql(*(f"({distinct_sql(f'CASE WHEN v % {by} = 0 THEN v END')})" for by in (2, 3)))
    wanted = least({hash_of(value) for value in range(5000) if value % 2 == 0 or value % 3 == 0})
    assert ask(both, list(range(5000)), pa.int64()) == wanted

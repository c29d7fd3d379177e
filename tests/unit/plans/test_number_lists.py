"""Numbers of lists: read to the same bits in SQL, in memory and in plain Python, off lists and off JSON text."""

import json
import math

import duckdb
import polars as pl
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sluiceway.artifacts.table_ref import NUMBERS
from sluiceway.plans.list_columns import as_stored
from sluiceway.plans.number_lists import numbers_in, numbers_of, numbers_sql
from sluiceway.plans.partials import single

PARTS = st.sampled_from(
    ["1", "-0.5", "1e400", "-7E-3", "null", "NaN", '"a"', "1.", ".5", " 2 ", "\n3\t", "", "x", "[", "]"]
)
TEXTS = st.lists(PARTS, max_size=4).map(lambda parts: f"[{','.join(parts)}]") | st.text("[]1,. e-", max_size=8)
LISTS = st.lists(st.none() | st.floats() | st.floats(width=32), max_size=3)


def read_by(connection, values, kind):
    """Read two numbers off each value in the three ways."""
    chosen = ", ".join(single(number) for number in numbers_sql("v", 2, kind))
    connection.register("given_values", pa.table({"v": values}))
    in_sql = [list(row) for row in connection.execute(f"SELECT {chosen} FROM given_values").fetchall()]
    numbers = numbers_in(pl.Series(pl.from_arrow(values)), 2)
    frame = pl.DataFrame(dict(zip("ab", numbers, strict=True))).cast(pl.Float32).cast(pl.Float64)
    finite = [pl.when(pl.col(name).is_finite()).then(name).alias(name) for name in "ab"]
    in_memory = [list(row) for row in frame.select(finite).rows()]
    in_python = [[None, None] if value is None else numbers_of(value, 2) for value in values.to_pylist()]
    return in_sql, in_memory, in_python


@given(texts=st.lists(st.none() | TEXTS | st.lists(st.floats(), max_size=3).map(str), min_size=1, max_size=20))
@example(
    texts=["[1,2]\n", " [1,2]", "[1,2]x", "[]", "", "[1e39,-0.0]", "[1e-320,16777217]", "[0.1,99999999999999999999]"]
)
@settings(max_examples=30, deadline=None)
def test_sql_and_memory_and_python_read_the_same_off_texts(texts):
    with duckdb.connect() as connection:
        in_sql, in_memory, in_python = read_by(connection, pa.array(texts, pa.string()), "text")
    assert in_sql == in_memory == in_python


@given(lists=st.lists(st.none() | LISTS, min_size=1, max_size=20))
@example(lists=[[], [None], [None, None], [1e39, -0.0], [math.nan, math.inf], [16777217.0, 1e-320], None])
@settings(max_examples=30, deadline=None)
def test_sql_and_memory_and_python_read_the_same_off_lists_as_off_json(lists):
    stored = as_stored(pa.chunked_array([pa.array(lists, pa.list_(pa.float64()))])).combine_chunks()
    texts = [None if each is None else json.dumps(each) for each in stored.to_pylist()]
    with duckdb.connect() as connection:
        in_sql, in_memory, in_python = read_by(connection, stored, NUMBERS)
        assert in_sql == in_memory == in_python
        assert in_sql == read_by(connection, pa.array(texts, pa.string()), "text")[0]


def test_a_list_of_another_size_gives_nothing_and_a_member_that_is_none_is_missing_alone():
    assert numbers_of([1.0, 2.0, 3.0], 2) == numbers_of([], 2) == [None, None]
    assert numbers_of([None, 0.5], 2) == [None, 0.5]

"""List columns: one form for every layout, and one order for every engine."""

import io
import json
import math

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.errors import SourceError
from sluiceway.declare.files import files
from sluiceway.plans.file_format import decode
from sluiceway.plans.list_columns import STORED, as_in_tables, as_stored, sort_key, stored_rows
from sluiceway.plans.table_digest import normalise, rows_content_id, table_content_id
from sluiceway.streams.fact_order import Fact, newness

ENGINE = DuckdbEngine(threads=1)
SPILLING = DuckdbEngine(threads=2, held_bytes=0, all_held_bytes=0)
KINDS = [
    pa.list_(pa.float64()), pa.list_(pa.float32(), 2), pa.large_list(pa.int64()), pa.list_view(pa.float32()),
    pa.list_(pa.decimal128(3, 1)),
]  # fmt: skip
MEMBERS = st.none() | st.sampled_from([0.0, -0.0, 1.5, -1.0, math.nan, math.inf, -math.inf])
LISTS = st.lists(st.none() | st.lists(MEMBERS, max_size=3), min_size=1, max_size=12)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_layout_becomes_lists_of_doubles_also_from_the_middle(kind):
    values = pa.array([[9, 9], [1, 2], None, [3, None], [9, 9]], kind).slice(1, 3)
    stored = as_stored(pa.chunked_array([values]))
    assert (stored.type, stored.to_pylist()) == (STORED, [[1.0, 2.0], None, [3.0, None]])


@pytest.mark.parametrize("kind", KINDS[:3], ids=str)
def test_lists_of_numbers_in_parquet_stay_lists_held_or_read_by_pieces(kind):
    values = [[1, 2], None, [3, None], [5, 6]]  # the missing one is what Arrow cannot read in a fixed size
    table = pa.table({"id": [1, 2, 3, 4], "v": pa.array(values, kind), "w": pa.array(list("aabb")).dictionary_encode()})
    data = io.BytesIO()
    pq.write_table(table, data)
    held = decode(data.getvalue(), path="a.parquet", files=files("a.parquet"))
    read = stored_rows(ENGINE.parquet([data.getvalue()], path="a.parquet"))
    assert held.column("v").to_pylist() == read.table().column("v").to_pylist() == values
    assert held.column("v").type == read.schema.field("v").type == STORED
    assert next(iter(read.batches(["v"]))).schema.names == ["v"]


def test_arrays_in_json_stay_lists_also_where_all_are_empty():
    lines = b'{"id": 1, "v": [0.5, 1], "e": []}\n{"id": 2, "v": null, "e": []}\n'
    found = decode(lines, path="a.ndjson", files=files("a.ndjson"))
    assert (found.column("v").to_pylist(), found.column("e").to_pylist()) == ([[0.5, 1.0], None], [[], []])


@pytest.mark.parametrize("values", [[["a"]], [[[1.0]]], [[True]], [[{"x": 1}]]])
def test_lists_of_anything_else_are_refused_with_what_to_do(values):
    data = io.BytesIO()
    pq.write_table(pa.table({"v": values}), data)
    with pytest.raises(SourceError, match=r"column v is nested .* of numbers; write one row for each member, or join"):
        decode(data.getvalue(), path="a.parquet", files=files("a.parquet"))


@given(lists=LISTS)
@settings(max_examples=40, deadline=None)
def test_sql_memory_and_python_order_lists_alike(lists):
    table = normalise(pa.table({"v": pa.array(lists, STORED)}))
    in_sql = ENGINE.query("SELECT v FROM given ORDER BY v DESC NULLS LAST", {"given": table}).column("v").to_pylist()
    frame = pl.DataFrame(pl.from_arrow(table))
    in_memory = frame.sort(sort_key("v", frame.schema["v"]), nulls_last=False).to_series().to_list()
    in_python = sorted(table.column("v").to_pylist(), key=lambda each: newness(Fact(0, 0, (each,))))
    assert in_sql[::-1] == in_memory == in_python


@given(lists=LISTS, data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_content_id_is_of_what_lists_hold_whatever_the_layout_the_order_and_where_they_lie(lists, data):
    table = pa.table({"v": pa.array(lists, pa.large_list(pa.float64())), "n": [each is None for each in lists]})
    other = data.draw(st.permutations(range(len(lists))))
    rows = SPILLING.keep([normalise(table.take(other)).slice(0, 3), normalise(table.take(other)).slice(3)])
    assert table_content_id(table) == table_content_id(table.take(other)) == rows_content_id(rows, SPILLING.sort)


def test_a_content_id_tells_apart_lists_that_differ():
    told = [[[1.0, 2.0]], [[1.0], [2.0]], [[2.0, 1.0]], [[1.0, 2.0, None]], [[None, 1.0, 2.0]], [[]], [None], [[0.0]]]
    ids = {json.dumps(each): table_content_id(pa.table({"v": pa.array(each, STORED)})) for each in told}
    assert len(set(ids.values())) == len(told)
    same = pa.table({"v": pa.array([[math.nan, -0.0]], STORED)})
    assert table_content_id(same) == table_content_id(pa.table({"v": pa.array([[None, 0.0]], pa.list_(pa.float32()))}))


def test_rows_of_streams_have_the_form_of_tables():
    given_lists = [None, [], [1.0, None, math.nan, -0.0, math.inf]]
    found = as_in_tables(pl.Series(given_lists, dtype=pl.List(pl.Float64)))
    assert str(found.to_list()) == "[None, [], [1.0, None, None, 0.0, None]]"

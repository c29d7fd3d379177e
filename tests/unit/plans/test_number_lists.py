"""Lists of numbers: read to the same bits in SQL, in memory and in plain Python, and kept as text by stage 2."""

import io

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.declare.files import files
from sluiceway.plans.file_format import decode
from sluiceway.plans.number_lists import numbers_of, numbers_of_texts, numbers_sql, rows_as_text
from sluiceway.plans.partials import single

PARTS = st.sampled_from(
    ["1", "-0.5", "1e400", "-7E-3", "null", "NaN", '"a"', "1.", ".5", " 2 ", "\n3\t", "", "x", "[", "]"]
)
TEXTS = st.lists(PARTS, max_size=4).map(lambda parts: f"[{','.join(parts)}]") | st.text("[]1,. e-", max_size=8)


@given(texts=st.lists(st.none() | TEXTS | st.lists(st.floats(), max_size=3).map(str), min_size=1, max_size=20))
@example(
    texts=["[1,2]\n", " [1,2]", "[1,2]x", "[]", "", "[1e39,-0.0]", "[1e-320,16777217]", "[0.1,99999999999999999999]"]
)
@settings(max_examples=30, deadline=None)
def test_sql_and_memory_and_python_read_the_same(texts):
    given_texts = pa.table({"v": pa.array(texts, pa.string())})
    chosen = ", ".join(single(number) for number in numbers_sql("v", 2))
    with duckdb.connect() as connection:
        connection.register("given_texts", given_texts)
        in_sql = [list(row) for row in connection.execute(f"SELECT {chosen} FROM given_texts").fetchall()]
    numbers = numbers_of_texts(pl.Series(texts, dtype=pl.String), 2)
    frame = pl.DataFrame(dict(zip("ab", numbers, strict=True))).cast(pl.Float32).cast(pl.Float64)
    finite = [pl.when(pl.col(name).is_finite()).then(name).alias(name) for name in "ab"]
    in_memory = [list(row) for row in frame.select(finite).rows()]
    assert in_sql == in_memory == [[None, None] if text is None else numbers_of(text, 2) for text in texts]


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.float64()), pa.list_(pa.float32(), 2), pa.large_list(pa.int64())],
    ids=["list", "fixed", "large"],
)
def test_lists_of_numbers_in_files_become_text_held_or_read_by_pieces(kind):
    gap = [] if pa.types.is_list(kind) else [5, 6]  # Arrow reads no missing list of a fixed size
    table = pa.table({"id": [1, 2, 3], "v": pa.array([[1, 2], gap, [3, 4]], kind)})
    data = io.BytesIO()
    pq.write_table(table, data)
    held = decode(data.getvalue(), path="a.parquet", files=files("a.parquet"))
    read = rows_as_text(DuckdbEngine(threads=1).parquet([data.getvalue()], path="a.parquet"))
    assert held.schema == read.schema
    assert held.column("v").to_pylist() == read.table().column("v").to_pylist()
    assert [numbers_of(text, 2) for text in held.column("v").to_pylist()] == [
        [1.0, 2.0],
        [float(each) for each in gap] or [None, None],
        [3.0, 4.0],
    ]
    assert next(iter(read.batches(["v"]))).schema.names == ["v"]


def test_arrays_in_json_become_text():
    lines = b'{"id": 1, "v": [0.5, 1]}\n{"id": 2, "v": null}\n'
    assert decode(lines, path="a.ndjson", files=files("a.ndjson")).column("v").to_pylist() == ["[0.5,1.0]", None]

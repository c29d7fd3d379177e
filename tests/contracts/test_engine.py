"""What every engine promises."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from unittest.mock import patch

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from tests.every_kind import table_of, table_rows

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.artifacts.rows import TOGETHER
from sluiceway.core.errors import SourceError
from sluiceway.plans.table_digest import normalise, rows_content_id, table_content_id

ADAPTERS = {"duckdb": DuckdbEngine, "duckdb, nothing held": partial(DuckdbEngine, held_bytes=0)}
NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)
FLIGHTS = pa.table(
    {
        "origin": ["JFK", "EWR", None],
        "delay": [5.0, None, 7.5],
        "landed": pa.array([NOON] * 3, pa.timestamp("us", "UTC")),
    }
)


@pytest.fixture(params=ADAPTERS)
def engine(request):
    return ADAPTERS[request.param]()


def test_a_statement_reads_the_tables_it_is_given(engine):
    carriers = pa.table({"origin": ["JFK"], "name": ["Kennedy"]})
    sql = 'SELECT name, delay FROM flights JOIN "sources/names" USING (origin)'
    found = engine.query(sql, {"flights": FLIGHTS, "sources/names": carriers})
    assert isinstance(found, pa.Table)
    assert found.to_pydict() == {"name": ["Kennedy"], "delay": [5.0]}


def test_the_session_is_in_utc(engine):
    found = engine.query(
        "SELECT hour(landed) AS h, CAST(landed AS date) AS d, CAST(TIMESTAMPTZ '2013-07-01 12:00' AS text) AS t FROM f",
        {"f": FLIGHTS},
    )
    assert found.to_pylist()[0] == {"h": 12, "d": NOON.date(), "t": "2013-07-01 12:00:00+00"}


def test_other_zones_are_known(engine):
    found = engine.query("SELECT hour(timezone('America/New_York', landed)) AS h FROM f LIMIT 1", {"f": FLIGHTS})
    assert found.to_pydict() == {"h": [8]}


def test_types_follow_from_the_statement_also_without_rows(engine):
    sql = (
        "SELECT count(*) AS n, avg(delay) AS mean, max(origin) AS o, max(landed) AS t, bool_and(delay > 1) AS b FROM f"
    )
    full, empty = (engine.query(sql, {"f": table}) for table in (FLIGHTS, FLIGHTS.slice(0, 0)))
    assert full.schema == empty.schema
    assert full.schema.types == [pa.int64(), pa.float64(), pa.string(), pa.timestamp("us", "UTC"), pa.bool_()]


def test_the_order_is_the_statements_own(engine):
    table = pa.table({"x": list(range(5000))})
    found = engine.query("SELECT x FROM t ORDER BY x DESC", {"t": table})
    assert found["x"].to_pylist() == list(range(4999, -1, -1))


def test_a_dictionary_and_several_chunks_are_read_as_values(engine):
    column = pa.chunked_array([pa.array(["a", None]).dictionary_encode(), pa.array(["b"]).dictionary_encode()])
    assert engine.query("SELECT s FROM t ORDER BY s", {"t": pa.table({"s": column})})["s"].to_pylist() == [
        "a",
        "b",
        None,
    ]


def test_a_variable_of_the_program_is_not_a_table(engine):
    local_table = FLIGHTS
    with pytest.raises(SourceError, match="local_table"):
        engine.query("SELECT * FROM local_table", {})
    assert local_table.num_rows == 3


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '/tmp/sluiceway-must-not-exist.csv'",
        "ATTACH '/tmp/sluiceway-must-not-exist.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_csv('https://example.org/a.csv')",
        "SET enable_external_access = true",
        "SET TimeZone = 'America/New_York'",
    ],
)
def test_nothing_outside_the_given_tables_can_be_reached(engine, sql):
    with pytest.raises(SourceError):
        engine.query(sql, {})


def test_nothing_is_left_by_an_earlier_query(engine):
    engine.query("SELECT * FROM f", {"f": FLIGHTS})
    with pytest.raises(SourceError, match="f"):
        engine.query("SELECT * FROM f", {})


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "", "-- nothing"])
def test_it_is_one_statement(engine, sql):
    with pytest.raises(SourceError, match="one SQL statement"):
        engine.query(sql, {})


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT spead FROM f", "spead"),
        ("SELEC 1", "syntax error"),
        ("SELECT CAST(origin AS integer) FROM f", "JFK"),
        ("SELECT nothing_such(1)", "nothing_such"),
    ],
)
def test_a_statement_that_fails_says_so_in_the_engines_words(engine, sql, words):
    with pytest.raises(SourceError, match=words) as failure:
        engine.query(sql, {"f": FLIGHTS})
    assert sql in str(failure.value)


def test_threads_share_an_engine_without_seeing_each_other(engine):
    def run(number):
        return engine.query("SELECT sum(x) AS s FROM t", {"t": pa.table({"x": [float(number)] * 1000})})["s"][0].as_py()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(12))) == [number * 1000.0 for number in range(12)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT carrier, avg(delay) AS mean, sum(delay) AS total FROM t GROUP BY carrier",
        "SELECT avg(delay) AS mean FROM t",
        "SELECT any_value(delay) AS one FROM t GROUP BY carrier",
    ],
)
def test_in_order_the_same_rows_give_the_same_bits_however_they_are_chunked(engine, sql):
    chance = random.Random(1)
    delays = [chance.gauss(0, 50) * 10 ** chance.randrange(8) for _ in range(400_000)]
    whole = pa.table({"carrier": [f"C{place % 16}" for place in range(len(delays))], "delay": delays})
    chunked = pa.concat_tables([whole.slice(0, 1000), whole.slice(1000, 300_001), whole.slice(301_001)])
    results = [engine.query(sql, {"t": table}, in_order=True).to_pydict() for table in (whole, chunked) * 3]
    assert all(result == results[0] for result in results)


def rows_of(engine, table):
    """A table as rows that an engine keeps, brought in uneven pieces."""
    cuts = sorted({0, 1, 1000, table.num_rows // 3, table.num_rows})
    return engine.keep(table.slice(start, end - start) for start, end in pairwise(cuts))


def measurements(count=300_000):
    """Floats of very different size, which add up to other bits in another order."""
    chance = random.Random(2)
    return pa.table(
        {
            "id": list(range(count)),
            "group": [chance.randrange(5000) for _ in range(count)],
            "value": [chance.gauss(0, 1) * 10 ** chance.randrange(9) for _ in range(count)],
            "name": [None if place % 7 == 0 else f"ü{place % 50}" for place in range(count)],
        }
    )


def test_rows_come_back_in_their_order_as_often_as_asked_all_columns_or_some(engine):
    table = measurements()
    rows = rows_of(engine, table)
    assert (rows.num_rows, rows.schema) == (table.num_rows, table.schema)
    assert [rows.table().equals(table) for _ in range(2)] == [True, True]
    assert rows.table(["name", "id"]).equals(table.select(["name", "id"]))
    sizes = [batch.num_rows for batch in rows.batches(["id"])]
    assert all(size % TOGETHER == 0 for size in sizes[:-1])
    assert rows.select(["value"]).table().equals(table.select(["value"]))


def test_no_rows_are_rows(engine):
    rows = engine.keep([FLIGHTS.slice(0, 0)])
    assert (rows.num_rows, list(rows.batches()), rows.table().schema) == (0, [], FLIGHTS.schema)
    assert [piece.num_rows for piece in rows.tables()] == [0]
    assert engine.derive("SELECT delay FROM f", {"f": rows}).table().schema.names == ["delay"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id, value * 2 AS v FROM t WHERE value > 10",
        'SELECT "group", sum(value) AS s, avg(value) AS a, stddev(value) AS d FROM t GROUP BY "group"',
        "SELECT sum(value) AS s, avg(value) AS a, var_pop(value) AS v FROM t",
        'SELECT a.id, sum(b.value) AS s FROM t a JOIN t b ON a."group" = b."group" WHERE a.id < 500 GROUP BY a.id',
        'SELECT id, sum(value) OVER (PARTITION BY "group" ORDER BY id ROWS 3 PRECEDING) AS s FROM t',
        'SELECT * FROM t JOIN (SELECT "group", avg(value) AS mean FROM t GROUP BY "group") USING ("group")',
        "SELECT name, count(*) AS n, any_value(id) AS one FROM t GROUP BY name",
    ],
)
def test_what_is_derived_has_the_bits_that_a_query_in_order_has(engine, sql):
    table = measurements()
    asked = normalise(engine.query(sql, {"t": table}, in_order=True))
    derived = engine.derive(sql, {"t": rows_of(engine, table)}).table()
    assert derived.schema == asked.schema
    assert derived.equals(asked)


def test_a_derivation_that_fails_says_so_in_the_engines_words(engine):
    with pytest.raises(SourceError, match="JFK") as failure:
        engine.derive("SELECT CAST(origin AS integer) AS x FROM f", {"f": engine.keep([FLIGHTS])})
    assert "SELECT CAST(origin AS integer)" in str(failure.value)
    with pytest.raises(SourceError, match="write one SQL statement"):
        engine.derive("SELECT 1; SELECT 2", {})


def test_a_parquet_file_is_read_off_its_bytes(engine):
    table, sink = measurements(), pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=70_001)
    data = sink.getvalue().to_pybytes()
    rows = engine.parquet((data[start : start + 100_000] for start in range(0, len(data), 100_000)), path="a.parquet")
    assert (rows.num_rows, rows.schema) == (table.num_rows, table.schema)
    assert rows.table().equals(table)
    assert rows.table(["name", "id"]).equals(table.select(["name", "id"]))


def test_a_file_that_is_no_parquet_is_named_at_once_or_when_its_rows_are_read(engine):
    with pytest.raises(SourceError, match=r"a\.parquet is no parquet file: .*; mend it"):
        engine.parquet([b"no parquet"], path="a.parquet")
    sink = pa.BufferOutputStream()
    pq.write_table(measurements(5000), sink)
    data = bytearray(sink.getvalue().to_pybytes())
    data[4:2000] = bytes(1996)
    with pytest.raises(SourceError, match=r"a\.parquet is no parquet file"):
        engine.parquet([bytes(data)], path="a.parquet").table()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=table_rows())
def test_an_id_is_the_same_by_rows_that_the_engine_sorts(engine, rows):
    table = table_of(rows)
    with patch("sluiceway.artifacts.rows.TOGETHER", 8), patch("sluiceway.artifacts.rows.BATCH_ROWS", 8):
        assert rows_content_id(rows_of(engine, table), engine.sort) == table_content_id(table)


def test_an_id_of_many_batches_is_the_same(engine):
    table = normalise(measurements())
    assert rows_content_id(rows_of(engine, table), engine.sort) == table_content_id(table)


@pytest.mark.parametrize("nulls_last", [True, False])
def test_rows_are_sorted_by_all_columns_with_nulls_at_either_end(engine, nulls_last):
    table = normalise(measurements()).select(["name", "value"])
    places = ["0", "1"]
    frame = pl.DataFrame(table.rename_columns(places)).sort(places, nulls_last=nulls_last)
    found = engine.sort(rows_of(engine, table), nulls_last=nulls_last).table()
    assert found.equals(normalise(frame.to_arrow().rename_columns(table.column_names)))


def test_a_query_reads_rows_as_it_reads_tables(engine):
    table = measurements()
    sql = 'SELECT sum(value) AS s FROM t JOIN few USING ("group")'
    few = pa.table({"group": [1, 2]})
    asked = engine.query(sql, {"t": table, "few": few}, in_order=True)
    assert engine.query(sql, {"t": rows_of(engine, table), "few": few}, in_order=True).equals(asked)

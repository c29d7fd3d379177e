"""What every engine promises."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.errors import SourceError

ADAPTERS = {"duckdb": DuckdbEngine}
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

"""What tests of several plans share: a session of DuckDB, as expressions mean it."""

import duckdb
import pytest


@pytest.fixture(scope="module")
def session():
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE MACRO at_zone(moment, zone) AS timezone(zone, moment)")
    yield connection
    connection.close()

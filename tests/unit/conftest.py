"""What tests of several rooms share: a session of DuckDB, as expressions mean it."""

import pytest


@pytest.fixture(scope="module")
def session():
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE MACRO at_zone(moment, zone) AS timezone(zone, moment)")
    yield connection
    connection.close()

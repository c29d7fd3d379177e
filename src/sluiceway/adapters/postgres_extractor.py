"""PostgreSQL, through ADBC: rows come by binary COPY."""

from collections.abc import Iterator
from contextlib import contextmanager

from sluiceway.adapters.adbc_session import AdbcSession, adbc_errors
from sluiceway.adapters.sql_extractor import Kind
from sluiceway.plans.extract_sql import Dialect

CONNECT_TIMEOUT_S = 15
# An untyped literal takes the type of the column that it is compared with.
DIALECT = Dialect('"', '{} COLLATE "C"', {"moment": "'{}+00'", "decimal": "'{}'"})


@contextmanager
def connected(url: str) -> Iterator[AdbcSession]:
    """Open a transaction that reads one moment of the database, and only reads."""
    import adbc_driver_postgresql.dbapi as driver

    if "connect_timeout" not in url:
        url = f"{url}{'&' if '?' in url else '?'}connect_timeout={CONNECT_TIMEOUT_S}"
    session = AdbcSession(driver.connect(url), DIALECT)
    try:
        session.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        session.run("SET TIME ZONE 'UTC'")
        session.run("SET standard_conforming_strings = on")
        yield session
    finally:
        session.close()


POSTGRES = Kind(DIALECT, connected, adbc_errors)

"""Spark's session: how Sluiceway starts it, so that what it computes is what DuckDB does."""

import re
from logging import getLogger
from typing import TYPE_CHECKING

from sluiceway.core.errors import MisuseError, SourceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PREFIX = "spark://"
ADDRESS = re.compile(r"spark://(local\[(\d+|\*)\]|[\w.-]+:\d+(,[\w.-]+:\d+)*)")
SETTINGS = {
    "spark.sql.ansi.enabled": "true",  # what overflows or does not convert stops, as in DuckDB
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.legacy.parser.havingWithoutGroupByAsWhere": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.caseSensitive": "true",
}
LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.showConsoleProgress": "false",
}


def read_engine(value: object) -> str:
    """Check the setting ``engine``: ``spark://host:7077``, or ``spark://local[2]`` for this machine; ``""`` is none.

    Raises:
        ValueError: it is no such address.
    """
    if value != "" and not (isinstance(value, str) and ADDRESS.fullmatch(value)):
        raise ValueError("write spark://host:7077, or spark://local[2] for two cores of this machine")
    return str(value)


def spark_master(address: str) -> str:
    """Say an address as Spark does.

    >>> spark_master("spark://local[2]"), spark_master("spark://head:7077")
    ('local[2]', 'spark://head:7077')
    """
    place = address.removeprefix(PREFIX)
    return place if place.startswith("local") else address


def spark_session(address: str) -> "SparkSession":
    """Start a session, or join the one that runs in this process, with settings of its own.

    Raises:
        MisuseError: pyspark is not installed, or the address is none.
        SourceError: Spark does not start, in its own words.
    """
    master = spark_master(address)
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MisuseError(
            f'engine {address!r} needs Spark: pip install "sluiceway[spark]", and Java 17 or 21 on the path'
        ) from error
    builder = SparkSession.builder.appName("sluiceway").master(master)
    for name, value in (SETTINGS | (LOCAL if master.startswith("local") else {})).items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate().newSession()
    except Exception as error:
        raise SourceError(f"Spark at {address!r} does not start: {first_line(error)}") from error
    session.sparkContext.setLogLevel("OFF")  # what goes wrong is raised
    getLogger("SQLQueryContextLogger").disabled = True
    for name, value in SETTINGS.items():
        session.conf.set(name, value)
    return session


def first_line(error: Exception) -> str:
    """Take what Spark says from above the traces that it adds."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]

"""Spark's session: how Sluiceway starts it, so that what it computes is what DuckDB does."""

import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING

from sluiceway.core.errors import MisuseError, SourceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PREFIX = "spark://"
PYSPARK, OLDEST_JAVA, JAVA_S = 4, 17, 30.0
JAVA_VERSION = re.compile(r'version "(\d+)[^"]*"')
TROUBLE = re.compile(r"\b(Error|Exception)\b|Error:|Exception:")
PYTHONS = re.compile(r"[A-Za-z_][\w.]*(Error|Exception): ")
MOST_SAID, SHOWN = 1 << 16, 300
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
WHOLE = {"spark.driver.maxResultSize": "0"}  # results pass through Java piece by piece; who asked holds them
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

    What Java writes to the terminal meanwhile and later is kept from it.

    Raises:
        MisuseError: pyspark or Java is not installed, or not in a version that fits.
        SourceError: Spark does not start, in its own words.
    """
    warnings.filterwarnings("ignore", module=r"pyspark\.")  # of what it will not support one day
    builder = _pyspark(address).appName("sluiceway").master(spark_master(address))
    settings = SETTINGS | WHOLE | (LOCAL if spark_master(address).startswith("local") else {})
    for name, value in settings.items():
        builder = builder.config(name, value)
    if spark_master(address).startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # which has what this process has
    with silent_children() as said:
        try:
            session = builder.getOrCreate().newSession()
        except Exception as error:
            require_java(address)
            raise SourceError(f"Spark at {address!r} does not start: {_why(error, said())}") from error
        session.sparkContext.setLogLevel("OFF")  # what goes wrong is raised
    for logger in ("SQLQueryContextLogger", "DataFrameQueryContextLogger", "py4j"):
        getLogger(logger).disabled = True
    for name, value in SETTINGS.items():
        session.conf.set(name, value)
    return session


def _pyspark(address: str) -> "SparkSession.Builder":
    try:
        import pyspark
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MisuseError(
            f'engine {address!r} needs Spark: pip install "sluiceway[spark]", and Java 17 or 21 on the path'
        ) from error
    if not pyspark.__version__.startswith(f"{PYSPARK}."):
        raise MisuseError(
            f"engine {address!r} needs Spark {PYSPARK}, and pyspark {pyspark.__version__} is installed: "
            'pip install "sluiceway[spark]"'
        )
    return SparkSession.builder


def require_java(address: str) -> None:
    """Find out that there is a Java that Spark runs on, where ``JAVA_HOME`` or the path say.

    Raises:
        MisuseError: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    where = f"at {java}, as JAVA_HOME says" if home else "on the path"
    try:
        told = subprocess.run(  # noqa: S603 - what Spark itself starts
            [java, "-version"], capture_output=True, text=True, check=False, timeout=JAVA_S
        )
    except OSError:
        raise MisuseError(
            f"engine {address!r} needs Java 17 or 21, and there is none {where}; Debian, Ubuntu: "
            "apt-get install openjdk-17-jre-headless"
        ) from None
    version = JAVA_VERSION.search(told.stderr + told.stdout)
    if version is not None and int(version[1]) < OLDEST_JAVA:
        raise MisuseError(f"engine {address!r} needs Java 17 or 21, and {version[0]} is {where}")


@contextmanager
def silent_children() -> Iterator[Callable[[], str]]:
    """Let processes that start meanwhile write nowhere but into a file; gives how to read what they wrote."""
    with tempfile.TemporaryFile() as file, ExitStack() as restored:
        for stream in (1, 2):
            kept = os.dup(stream)
            restored.callback(os.close, kept)
            restored.callback(os.dup2, kept, stream)
            os.dup2(file.fileno(), stream)
        yield lambda: os.pread(file.fileno(), MOST_SAID, 0).decode(errors="replace")


def _why(error: Exception, said: str) -> str:
    """Prefer what Java wrote about an error to what Python noticed of it."""
    return next((line[:SHOWN] for line in said.splitlines() if TROUBLE.search(line)), first_line(error))


def first_line(error: Exception) -> str:
    """Take what Spark says from above the traces that it adds; what Python says in executors, from below its own."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    raised = [line for line in lines if PYTHONS.match(line)]
    return (raised[-1] if raised else lines[0])[:SHOWN]

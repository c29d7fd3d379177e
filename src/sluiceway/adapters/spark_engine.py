"""Spark as the runner of plans: the plan's text in Spark SQL, over Arrow tables or Parquet files."""

from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from sluiceway.adapters.spark_session import first_line, spark_session
from sluiceway.artifacts.rows import Rows
from sluiceway.core.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession


class SparkEngine:
    """Runs plans on Spark, in a session that starts with the first and stays.

    One statement runs at a time, as its tables are views of the session; Spark spreads each over its executors. Tables
    pass through this process, as do results; files that ``Rows`` name are read by the executors, under the same paths.

    Args:
        address: As the setting ``engine``: ``spark://host:7077``, or ``spark://local[2]``.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._session: SparkSession | None = None
        self._lock = Lock()

    def query(self, sql: str, tables: "Mapping[str, pa.Table | Rows]") -> "pa.Table":
        """Return the result.

        Raises:
            MisuseError: pyspark is not installed, or the statement holds what Spark would compute otherwise.
            SourceError: Spark does not start, or stops, in its own words.
        """
        with self._lock:
            frame = self.frame(sql, tables)
            try:
                return frame.toArrow()
            except Exception as error:
                raise stopped(error) from error

    def frame(self, sql: str, tables: "Mapping[str, pa.Table | Rows]") -> "DataFrame":
        """Give the result as Spark's own, not yet computed; the next call may replace the views that it reads.

        Raises:
            MisuseError, SourceError: as for ``query``.
        """
        from sluiceway.plans.spark_sql import column_kinds, spark_sql

        written = spark_sql(sql, column_kinds(table.schema for table in tables.values()))
        session = self.session()
        try:
            for name, table in tables.items():
                self._given(session, table).createOrReplaceTempView(name)
            return session.sql(written)
        except Exception as error:
            raise stopped(error) from error

    def session(self) -> "SparkSession":
        """Start the session, or give the one that runs.

        Raises:
            MisuseError, SourceError: as ``spark_session`` does.
        """
        if self._session is None:
            self._session = spark_session(self._address)
        return self._session

    def stop(self) -> None:
        """End Spark, if it runs; a driver that is not ended keeps its executors."""
        if self._session is not None:
            self._session.stop()
            self._session = None

    @staticmethod
    def _given(session: "SparkSession", table: "pa.Table | Rows") -> "DataFrame":
        from sluiceway.plans.table_digest import normalise

        if isinstance(table, Rows) and table.files:
            return session.read.parquet(*table.files).select([f"`{name}`" for name in _escaped(table.schema)])
        return session.createDataFrame(normalise(table.table() if isinstance(table, Rows) else table))


def _escaped(schema: "pa.Schema") -> list[str]:
    return [name.replace("`", "``") for name in schema.names]


def stopped(error: Exception) -> SourceError:
    """Say in Spark's own words why it stopped."""
    return SourceError(f"Spark stopped: {first_line(error)}")

"""Views kept up by Spark Structured Streaming, from files of JSON lines that come into a folder.

Each micro-batch writes its facts and the panes it touches as Parquet below the state folder, in places of its own
number, which a batch that is done again writes over. So a kill at any moment, with Spark's checkpoint, changes nothing.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sluiceway.adapters.spark_engine import SparkEngine, stopped
from sluiceway.artifacts.table_ref import NUMBERS
from sluiceway.core.errors import MisuseError
from sluiceway.declare.expression_kind import column_named
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.arriving_panes import (
    BATCH,
    arriving_facts_sql,
    streamed_group,
    times_of,
    touched_panes_sql,
    values_from_panes_sql,
)
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns
from sluiceway.plans.spark_sql import spark_sql

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

TYPES = {"integer": "BIGINT", "number": "DOUBLE", "text": "STRING", "boolean": "BOOLEAN", "time": "TIMESTAMP"}
Publish = Callable[["pa.Table", int], None]


class SparkStream:
    """Keeps one view up. One process at a time may use a state folder.

    Args:
        engine: Where Spark is.
        view: Its windows run over known_time and end with a pane (see ``plans.arriving_panes``).
        kinds: The kind of each column of the source's table; messages have these columns.
        state: A folder that this process and Spark's executors reach under the same path.
        publish: Told, after each batch that brought something, the values of all entities as rows of a snapshot, and
            the moment they are of: the newest known_time so far. A batch that is done again tells them again.
        files_a_batch: How many files one batch takes at most.

    Raises:
        MisuseError: the view has features that cannot be kept up so, named.
    """

    def __init__(
        self,
        engine: SparkEngine,
        view: FeatureView,
        kinds: Mapping[str, str],
        *,
        state: Path,
        publish: Publish,
        files_a_batch: int = 1000,
    ) -> None:
        streamed_group(view)
        self._files_a_batch = files_a_batch
        self._engine, self._view, self._kinds, self._state, self._publish = engine, view, dict(kinds), state, publish

    def drain(self, folder: Path) -> None:
        """Take in every file of the folder that was not taken in yet, and return.

        Files end in ``.json`` and hold one object a line. Nothing may write to a file once it is there.

        Raises:
            SourceError: Spark stops, in its own words: also where a line is no object, or a value not of its kind.
        """
        session = self._engine.session()
        try:
            lines = (
                session.readStream.schema(self._schema).option("mode", "FAILFAST").option("pathGlobFilter", "*.json")
            )
            lines = lines.option("maxFilesPerTrigger", str(self._files_a_batch))
            query = (
                lines.json(str(folder))
                .writeStream.foreachBatch(self._take)
                .option("checkpointLocation", str(self._state / "checkpoint"))
                .trigger(availableNow=True)
                .start()
            )
            query.awaitTermination()
        except Exception as error:  # what Spark and its gateway raise has no common root
            raise stopped(error) from error

    def values(self, cutoff: int) -> "pa.Table":
        """Give every entity's features as of a moment no earlier than all that was taken in, as a snapshot's rows.

        Args:
            cutoff: Microseconds since the epoch.

        Raises:
            MisuseError: nothing was taken in yet, or something that became known later.
        """
        done = self._committed()
        if done is None:
            raise MisuseError(f"view {self._view.name!r}: nothing was taken in yet")
        facts = self._written("facts", through=done)
        newest = self._newest(facts)
        if cutoff < newest:
            raise MisuseError(f"view {self._view.name!r}: {cutoff} is before {newest}, which was taken in already")
        return self._values(facts, cutoff, through=done)

    @cached_property
    def _schema(self) -> str:
        """Name the columns that are read, with their types, as Spark's DDL."""
        of_times = {name for time in times_of(self._view).values() for name in time.columns}
        names = dict.fromkeys([*fact_columns(self._view), *(column_named(name, self._kinds) for name in of_times)])
        lists = [name for name in names if self._kinds[name] == NUMBERS]
        if lists:
            raise MisuseError(
                f"view {self._view.name!r}: {lists[0]!r} is a list of numbers, which Spark does not read yet"
            )
        return ", ".join(f"`{name.replace('`', '``')}` {TYPES[self._kinds[name]]}" for name in names)

    def _take(self, batch: "DataFrame", number: int) -> None:
        """Take in one micro-batch; done again with the same number, it comes to the same."""
        self._write("facts", self._asked(arriving_facts_sql(self._view), {"arriving": batch}), number)
        facts = self._written("facts", through=number, session=batch.sparkSession)
        arrived = facts.where(f"{BATCH} = {number}")
        if arrived.isEmpty():
            return
        made = self._asked(touched_panes_sql(self._view, self._kinds), {"facts": facts, "arrived": arrived})
        self._write("panes", made, number)
        cutoff = self._newest(facts)
        self._publish(self._values(facts, cutoff, through=number), cutoff)

    def _values(self, facts: "DataFrame", cutoff: int, *, through: int) -> "pa.Table":
        sql = values_from_panes_sql(self._view, self._kinds, cutoff=cutoff)
        return self._asked(
            sql, {"facts": facts, "panes": self._written("panes", through=through, session=facts.sparkSession)}
        ).toArrow()

    def _newest(self, facts: "DataFrame") -> int:
        found: int = facts.agg({KNOWN: "max"}).collect()[0][0]
        return found

    def _asked(self, sql: str, frames: "Mapping[str, DataFrame]") -> "DataFrame":
        (session,) = {frame.sparkSession for frame in frames.values()}  # a micro-batch has a session of its own
        kinds = self._kinds | dict.fromkeys((EVENT, KNOWN, BATCH, "_pane", "_first"), "integer")
        kinds |= {name: kind for frame in frames.values() for name, kind in _partial_kinds(frame).items()}
        for name, frame in frames.items():
            frame.createOrReplaceTempView(name)
        return session.sql(spark_sql(sql, kinds))

    def _write(self, what: str, rows: "DataFrame", number: int) -> None:
        rows.write.mode("overwrite").parquet(str(self._state / what / f"{BATCH}={number}"))

    def _written(self, what: str, *, through: int, session: "SparkSession | None" = None) -> "DataFrame":
        """Read what the batches up to one wrote; a later one may have been broken off."""
        rows = (session or self._engine.session()).read.parquet(str(self._state / what))
        numbered = rows.selectExpr("*", f"CAST({BATCH} AS BIGINT) AS _number")
        return numbered.drop(BATCH).withColumnRenamed("_number", BATCH).where(f"{BATCH} <= {through}")

    def _committed(self) -> int | None:
        """Tell the last batch that Spark noted as done."""
        notes = (self._state / "checkpoint" / "commits").glob("[0-9]*")
        return max((int(note.name) for note in notes), default=None)


def _partial_kinds(frame: "DataFrame") -> dict[str, str]:
    """Tell the kinds of partials, ``p0`` and so on, by how they are stored."""
    known = {"bigint": "integer", "double": "number", "decimal(38,0)": "huge"}
    return {name: known[kind] for name, kind in frame.dtypes if name[:1] == "p" and name[1:].isdigit()}

"""Files of JSON lines that come into a folder, by Spark Structured Streaming: numbered batches, dealt out to executors.

What is learnt of a batch is the learner's to commit, once, by the batch's number; this only gives the same lines in the
same order under the same number whenever Spark does a batch again. Spark's checkpoint says which files a batch has.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sluiceway.adapters.spark_engine import SparkEngine, stopped

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

PIECE_LINES = 10_000
ORDER = ("number", "time", "path", "block", "place")
DEALT = "number INT, known BIGINT, time TIMESTAMP, path STRING, block BIGINT, place BIGINT, line BINARY"
LOOK_S = 1
CHECKPOINT = "checkpoint"


class FileLearner(Protocol):
    """Learns lines, in Spark's executors, to which it is sent as a copy."""

    @property
    def count(self) -> int:
        """How many partitions there are, always."""

    def dealt(self, lines: Sequence[bytes]) -> tuple[list[int], list[int | None]]:
        """Give each line's partition, and its ``known_time`` in microseconds since the epoch."""

    def learn(self, batch: int, number: int, pieces: Iterable[Sequence[bytes]], *, watermark: int | None) -> None:
        """Learn a partition's lines of a batch; then let time go on to what the whole batch has shown."""


class SparkStream:
    """Learns the files of a folder. One process at a time may use a state folder.

    Files end in ``.json``, ``.jsonl`` or ``.ndjson``, hold one message a line, and are taken by the times they were
    written at. Nothing may write to a file once it is there.

    Args:
        engine: Where Spark is.
        state: A folder that this process and Spark's executors reach under the same path.
        learner: Gives what executors run; asked once there is a checkpoint, by whose name it keeps what it learns.
        files_a_batch: How many files one batch takes at most.
        tell: Hears after each batch its number and how many lines it had.
    """

    def __init__(
        self,
        engine: SparkEngine,
        *,
        state: Path,
        learner: Callable[[], FileLearner],
        files_a_batch: int = 1000,
        tell: Callable[[int, int], None] = lambda _batch, _lines: None,
    ) -> None:
        self._engine, self._checkpoint = engine, state / CHECKPOINT
        self._learner, self._files_a_batch, self._tell = learner, files_a_batch, tell
        self._trouble: Exception | None = None

    def run(self, folder: Path, *, until_idle: bool) -> None:
        """Learn every file of the folder that was not learnt yet; go on until interrupted, unless ``until_idle``.

        Raises:
            SourceError: Spark stops, in its own words.
        """
        session = self._engine.session()
        lines = session.readStream.format("text").option("pathGlobFilter", "*.{json,jsonl,ndjson}")
        lines = lines.option("lineSep", "\n").option("maxFilesPerTrigger", str(self._files_a_batch))
        placed = lines.load(str(folder)).selectExpr(
            "CAST(value AS BINARY) AS line",
            "_metadata.file_modification_time AS time",
            "_metadata.file_path AS path",
            "_metadata.file_block_start AS block",
        )
        writer = placed.writeStream.foreachBatch(self._heard).option("checkpointLocation", str(self._checkpoint))
        how = {"availableNow": True} if until_idle else {"processingTime": f"{LOOK_S} seconds"}
        try:
            query = writer.trigger(**how).start()
            try:
                while not query.awaitTermination(LOOK_S):
                    pass  # in pieces, so that an interruption is heard
            finally:
                query.stop()
        except Exception as error:  # what Spark and its gateway raise has no common root
            raise stopped(self._trouble or error) from error

    def _heard(self, batch: "DataFrame", number: int) -> None:
        try:
            self._take(batch, number)
        except Exception as error:
            self._trouble = error  # Spark only says that there was one
            raise

    def _take(self, batch: "DataFrame", number: int) -> None:
        """Learn one micro-batch."""
        learner = self._learner()
        session, count = batch.sparkSession, learner.count
        placed = batch.where("length(line) > 0").selectExpr("*", "monotonically_increasing_id() AS place")
        dealt = placed.mapInArrow(_dealing(learner), DEALT).persist()
        try:
            newest, lines = dealt.selectExpr("max(known)", "count(*)").collect()[0]
            if not lines:
                return
            nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in _named(DEALT)[1:])
            everyone = session.range(count).selectExpr("CAST(id AS INT) AS number", *nothing.split(", "))
            parted = dealt.unionByName(everyone).repartition(count, "number").sortWithinPartitions(*ORDER)
            parted.mapInArrow(_learning(learner, number, newest), "number INT").count()
        finally:
            dealt.unpersist()
        self._tell(number, lines)


def checkpoint_name(state: Path) -> str | None:
    """Give the name of the checkpoint in a state folder, another one for another checkpoint; ``None`` without one."""
    try:
        return str(json.loads((state / CHECKPOINT / "metadata").read_text())["id"])
    except FileNotFoundError:
        return None


def _named(schema: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, _, kind in (each.partition(" ") for each in schema.split(", "))]


def _dealing(learner: FileLearner) -> "Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]":
    def deal(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        import pyarrow as pa

        for batch in batches:
            numbers, knowns = learner.dealt(batch["line"].to_pylist())
            made = {"number": pa.array(numbers, pa.int32()), "known": pa.array(knowns, pa.int64())}
            yield pa.record_batch(made | {name: batch[name] for name in ("time", "path", "block", "place", "line")})

    return deal


def _learning(
    learner: FileLearner, batch: int, watermark: int | None
) -> "Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]":
    def learn(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        import pyarrow as pa

        for number, lines in groupby(_numbered(batches), key=lambda pair: pair[0]):
            learner.learn(batch, number, _pieces(line for _, line in lines), watermark=watermark)
            yield pa.record_batch({"number": pa.array([number], pa.int32())})

    return learn


def _numbered(batches: "Iterator[pa.RecordBatch]") -> Iterator[tuple[int, bytes | None]]:
    for batch in batches:
        yield from zip(batch["number"].to_pylist(), batch["line"].to_pylist(), strict=True)


def _pieces(lines: Iterable[bytes | None]) -> Iterator[list[bytes]]:
    piece: list[bytes] = []
    for line in lines:
        if line is not None:  # which only says that there is such a partition
            piece.append(line)
        if len(piece) == PIECE_LINES:
            yield piece
            piece = []
    if piece:
        yield piece

"""Sealing: a stream's closed panes take over what batch knows, so that what came late is served as well."""

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.core.errors import ConflictError
from sluiceway.plans.corrections import EVENT, KNOWN
from sluiceway.ports.event_source import EventBatch, Lag, Ownership, Position
from sluiceway.ports.pane_store import PaneStore
from sluiceway.ports.side_channel import Aside
from sluiceway.streams.decoding import OFFSET
from sluiceway.streams.partition_stream import Backends, PartitionStream
from sluiceway.streams.stored_kinds import STORED
from sluiceway.streams.stream_plan import StreamPlan

TRIES = 5


def seal_partition(  # noqa: PLR0913 - a stream's parts, one by one
    plan: StreamPlan,
    number: int,
    rows: pl.DataFrame,
    *,
    panes: PaneStore,
    watermark: int,
    is_alone: bool,
    now_us: Callable[[], int],
    owner: str,
) -> bool:
    """Take a partition over, seal it, and leave it; return whether that was done.

    A worker that owns the partition is refused its next commit, and takes it back with what was sealed.

    Args:
        plan: The stream.
        number: The partition.
        rows: All rows of its source, as ``stored_frame`` gives them.
        panes: Its state is there.
        watermark: Up to when the partition's events have landed for certain, microseconds since the epoch.
        is_alone: Whether the topic has no other partition.
        now_us: Tells when values are written.
        owner: Who does it.

    Raises:
        TransientError: the store did not answer.
    """
    backends = Backends(_Nothing(), panes, _Nothing())
    for _ in range(TRIES):
        try:
            stream = PartitionStream(plan, number, backends=backends, owner=owner, now_us=now_us)
            stream.seal(rows, watermark, is_alone=is_alone)
            stream.release()
        except ConflictError:
            continue
        return True
    return False


class _Nothing:
    """Where nothing arrives and nothing is set aside: sealing reads no messages."""

    is_dealt = True

    def partition_count(self) -> NoReturn:
        raise TypeError("sealing reads no topic")

    def poll(self, ownership: Ownership, *, most: int, wait_s: float) -> list[EventBatch]:  # noqa: ARG002
        return []

    def seek(self, partition: int, position: Position | None) -> NoReturn:  # noqa: ARG002
        self.partition_count()

    def lags(self, positions: Mapping[int, Position]) -> dict[int, Lag]:  # noqa: ARG002
        return {}

    def close(self, ownership: Ownership) -> None:
        """There is nothing to leave."""

    def put(self, source: str, messages: Sequence[Aside]) -> NoReturn:  # noqa: ARG002
        self.partition_count()


def stored_frame(table: pa.Table, kinds: Mapping[str, str]) -> pl.DataFrame:
    """Give a table's rows the shape that decoded messages have; rows without one of their times are none."""
    frame = pl.DataFrame(table).rename({EVENT_TIME: EVENT, KNOWN_TIME: KNOWN}).drop_nulls([EVENT, KNOWN])
    times = [name for name in frame.columns if name in {EVENT, KNOWN} or kinds.get(name) == "time"]
    return frame.with_columns(
        *(pl.col(name).dt.timestamp("us") for name in times),
        *(pl.col(name).cast(STORED[kinds[name]]) for name in frame.columns if name not in times),
        pl.lit(-1, pl.Int64).alias(OFFSET),
    )

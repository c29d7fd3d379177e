"""The learner that Spark's executors run: a worker's own code over the online store, which they reach by themselves."""

import os
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from sluiceway.adapters.event_place import ASIDE, pane_store
from sluiceway.adapters.folder_side import FolderSide
from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.online_place import OnlinePlace
from sluiceway.core.moments import SystemClock
from sluiceway.plans.moments_sql import microseconds
from sluiceway.streams.batch_learner import BatchLearner
from sluiceway.streams.latest_time import latest_us
from sluiceway.streams.line_partitions import LinePartitions, partition_count
from sluiceway.streams.partition_stream import Backends
from sluiceway.streams.stream_plan import StreamPlan

PATIENCE_S = 1.0  # of a store, at each step; the learner then tries again


@dataclass(frozen=True, slots=True)
class SparkLearner:
    """A ``FileLearner``, sent to executors as a copy. ``name`` tells it from others, ``state`` is the state folder.

    Secrets of the store's address are not sent along: executors have them in their own environment.
    """

    name: str
    online: str
    state: Path
    plan: StreamPlan = field(compare=False, repr=False)

    @property
    def count(self) -> int:
        """How many partitions there are, always."""
        return partition_count(self.plan)

    def dealt(self, lines: Sequence[bytes]) -> tuple[list[int], list[int | None]]:
        """Give each line's partition, and its ``known_time`` in microseconds since the epoch."""
        return _partitions(self).of(lines)

    def learn(self, batch: int, number: int, pieces: Iterable[Sequence[bytes]], *, watermark: int | None) -> None:
        """Learn a partition's lines of a batch; then let time go on to what the whole batch has shown.

        Raises:
            ConflictError, TransientError: still, after half a minute.
        """
        _learner(self).learn(batch, number, pieces, watermark=watermark)


@lru_cache(maxsize=4)
def _partitions(learner: SparkLearner) -> LinePartitions:
    return LinePartitions(learner.plan, latest_us=_latest_us(learner))


@lru_cache(maxsize=4)
def _learner(learner: SparkLearner) -> BatchLearner:
    """Open the store, once in each process."""
    online = OnlinePlace(learner.online, os.environ).open(learner.state / "online", patience_s=PATIENCE_S)
    nothing = MemoryEvents(MemoryTopic())  # lines come by batches
    backends = Backends(nothing, pane_store(online), FolderSide(learner.state / ASIDE))
    owner = f"spark-{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
    return BatchLearner(learner.plan, backends=backends, owner=owner, now_us=_now_us, latest_us=_latest_us(learner))


def _latest_us(learner: SparkLearner) -> Callable[[], int]:
    return latest_us(learner.plan.topic.lateness, SystemClock())


def _now_us() -> int:
    return microseconds(SystemClock().now())

"""Line partitions: to which partition each line of files belongs, and what time it shows.

Files are no topic with partitions, so lines are dealt out here: by a hash of the columns that every view's entity has.
"""

from collections.abc import Callable, Sequence
from zlib import crc32

from sluiceway.plans.corrections import KNOWN
from sluiceway.plans.packed_value import pack_key
from sluiceway.streams.decoding import OFFSET, RowDecoder
from sluiceway.streams.stream_plan import StreamPlan

MANY = 8  # fixed: with another number, entities would have been learnt in other partitions


def line_keys(plan: StreamPlan) -> tuple[str, ...]:
    """Name the columns that lines are dealt out by; none where all have to stay together.

    They are the topic's, where it names some. Else they are those of every view's entity; and of the source's key where
    it has one, as a correction might bring a fact to another entity.
    """
    if plan.topic.keys:
        return plan.topic.keys
    shared = [name for name in plan.views[0].entities if all(name in view.entities for view in plan.views)]
    keys = plan.source.keys
    return tuple(name for name in shared if not keys or name in keys)


def partition_count(plan: StreamPlan) -> int:
    """Say how many partitions lines are dealt out to."""
    return MANY if line_keys(plan) else 1


class LinePartitions:
    """Deals lines out. What is no row falls into partition 0."""

    def __init__(self, plan: StreamPlan, *, latest_us: Callable[[], int]) -> None:
        """Compile what reads a line; ``latest_us`` is as for a ``RowDecoder``."""
        self._keys = line_keys(plan)
        self._decoder = RowDecoder(plan.source, plan.kinds, plan.columns, latest_us=latest_us)
        self.count = partition_count(plan)

    def of(self, lines: Sequence[bytes]) -> tuple[list[int], list[int | None]]:
        """Give each line's partition, and its ``known_time`` in microseconds since the epoch."""
        numbers: list[int] = [0] * len(lines)
        knowns: list[int | None] = [None] * len(lines)
        rows = self._decoder.decode(range(len(lines)), lines).rows
        for place, known, *key in rows.select(OFFSET, KNOWN, *self._keys).iter_rows():
            numbers[place] = crc32(pack_key(key)) % self.count
            knowns[place] = known
        return numbers, knowns

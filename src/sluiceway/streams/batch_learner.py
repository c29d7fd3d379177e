"""The batch learner: one partition's share of a numbered batch, learnt once however often the batch is done.

The same states, panes and commits as a worker's. A batch's lines have offsets of their own, from ``number << 32`` on,
so what was committed of a batch that is done again is passed over, and of two that do it at once one is refused.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from sluiceway.core.errors import ConflictError, TransientError
from sluiceway.ports.event_source import EventBatch
from sluiceway.streams.decoding import RowDecoder
from sluiceway.streams.partition_header import PartitionHeader
from sluiceway.streams.partition_stream import Backends, PartitionStream
from sluiceway.streams.stream_plan import StreamPlan

LINES_BITS = 32  # of an offset, for the lines of one batch in one partition
RETRY_S, TRIES = 0.5, 60


class BatchLearner:
    """Learns batches, in rising order, partition by partition. A store that does not answer is waited for."""

    def __init__(
        self,
        plan: StreamPlan,
        *,
        backends: Backends,
        owner: str,
        now_us: Callable[[], int],
        latest_us: Callable[[], int] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Stand ready; see ``Worker`` for what is given."""
        self._plan, self._backends, self._owner, self._now_us = plan, backends, owner, now_us
        self._decoder = RowDecoder(plan.source, plan.kinds, plan.columns, latest_us=latest_us)
        self._pause = pause

    def learn(
        self, batch: int, number: int, pieces: Iterable[Sequence[bytes]], *, watermark: int | None
    ) -> PartitionHeader:
        """Learn a partition's lines of a batch; then let time go on to what the whole batch has shown.

        Args:
            batch: Its number.
            number: The partition.
            pieces: Its lines in order, a commit each.
            watermark: The greatest ``known_time`` of any partition, microseconds since the epoch.

        Raises:
            ConflictError, TransientError: still, after half a minute.
        """
        stream, offset = self._surely(number), batch << LINES_BITS
        for lines in pieces:
            learnt = EventBatch(number, range(offset, offset + len(lines)), lines)
            stream = self._surely(number, stream, partial(self._take, learnt))
            offset += len(lines)
        if watermark is not None:
            stream = self._surely(number, stream, lambda owned: owned.advance(watermark))
        return stream.header

    def _take(self, learnt: EventBatch, owned: PartitionStream) -> None:
        owned.take(learnt, self._decoder)

    def _surely(
        self,
        number: int,
        stream: PartitionStream | None = None,
        act: Callable[[PartitionStream], None] = lambda _owned: None,
    ) -> PartitionStream:
        """Act upon a partition, which is taken over anew as often as another had it or the store did not answer."""
        tries = 0
        while True:
            try:
                owned = stream or PartitionStream(
                    self._plan,
                    number,
                    panes=self._backends.panes,
                    side=self._backends.side,
                    owner=self._owner,
                    now_us=self._now_us,
                )
                act(owned)
            except (ConflictError, TransientError):
                tries, stream = tries + 1, None
                if tries == TRIES:
                    raise
                self._pause(RETRY_S)
            else:
                return owned

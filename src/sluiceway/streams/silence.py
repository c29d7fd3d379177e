"""Silence: what time it is in partitions where nothing arrives."""

from collections.abc import Callable, Mapping

from sluiceway.declare.stream import WALL
from sluiceway.plans.moments_sql import MICROSECOND, length
from sluiceway.ports.event_source import Lag, Position
from sluiceway.streams.partition_header import PartitionHeader
from sluiceway.streams.stream_plan import StreamPlan

ASK_S = 5.0  # the source is asked whether more is there no more often


class Silence:
    """Tells when partitions were last heard of, and up to when time goes on in those that are silent.

    Silent is what was not heard of for the topic's ``idle`` time. It follows the slowest partition that is not silent.
    Where all are, and the topic's clock is the wall's, time is that of the wall, less the topic's ``lateness``, as far
    as a pane begins there; but not in partitions that never showed a time, or may hold messages that were not learnt.
    """

    def __init__(
        self,
        plan: StreamPlan,
        *,
        clock: Callable[[], float],
        now_us: Callable[[], int],
        lags: Callable[[Mapping[int, Position]], Mapping[int, Lag]],
        follows_wall: bool,
    ) -> None:
        """Hear of nothing yet.

        Args:
            plan: Whose topic it is.
            clock: Seconds that pass.
            now_us: The wall's time, in microseconds since the epoch.
            lags: Asks the source what lies behind positions.
            follows_wall: Whether the wall's time means anything for what is learnt.
        """
        self._clock, self._now_us, self._lags = clock, now_us, lags
        self._idle_s = length(plan.topic.idle) * MICROSECOND.total_seconds()
        self._lateness = plan.lateness
        self._step = plan.step if follows_wall and plan.topic.clock == WALL else None
        self._heard: dict[int, float] = {}
        self._ask_at = clock()

    def hear(self, partition: int) -> None:
        """Note that a partition is heard of now."""
        self._heard[partition] = self._clock()

    def moments(self, headers: Mapping[int, PartitionHeader]) -> dict[int, int]:
        """Say up to when time goes on in silent partitions, in microseconds since the epoch."""
        now = self._clock()
        silent = [number for number in headers if now - self._heard.get(number, now) >= self._idle_s]
        if headers and len(silent) == len(headers):
            return self._by_the_wall(headers)
        moving = [header.watermark for number, header in headers.items() if number not in silent]
        known = [watermark for watermark in moving if watermark is not None]
        return dict.fromkeys(silent, min(known)) if known else {}

    def _by_the_wall(self, headers: Mapping[int, PartitionHeader]) -> dict[int, int]:
        if self._step is None:
            return {}
        moment = (self._now_us() - self._lateness) // self._step * self._step
        behind = [
            number for number, header in headers.items() if header.watermark is not None and header.watermark < moment
        ]
        if not behind or self._clock() < self._ask_at:
            return {}
        self._ask_at = self._clock() + ASK_S
        lags = self._lags({number: headers[number].position for number in behind})
        return {number: moment for number in behind if number in lags and lags[number].is_none}

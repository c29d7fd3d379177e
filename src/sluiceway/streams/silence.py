"""Silence: what time it is in partitions where nothing arrives."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from sluiceway.core.errors import TransientError
from sluiceway.declare.stream import WALL
from sluiceway.plans.moments_sql import MICROSECOND, length
from sluiceway.ports.event_source import Lag, Position
from sluiceway.streams.partition_header import PartitionHeader
from sluiceway.streams.stream_plan import StreamPlan

ASK_S = 5.0  # the source is asked whether more is there, and the store how far others are, no more often


class Silence:
    """Tells when partitions were last heard of, and up to when time goes on in those that are silent.

    Silent is what was not heard of for the topic's ``idle`` time. It follows the slowest partition that is not silent,
    also of those that others own: these are heard of where their offset moves. Where all are, and the topic's clock is
    the wall's, time is that of the wall, less the topic's ``lateness``, as far as a pane begins there; but not in
    partitions that never showed a time, or may hold messages that were not learnt.
    """

    def __init__(
        self,
        plan: StreamPlan,
        *,
        clock: Callable[[], float],
        now_us: Callable[[], int],
        lags: Callable[[Mapping[int, Position]], Mapping[int, Lag]],
        elsewhere: Callable[[], Mapping[int, PartitionHeader]],
        follows_wall: bool,
    ) -> None:
        """Hear of nothing yet.

        Args:
            plan: Whose topic it is.
            clock: Seconds that pass.
            now_us: The wall's time, in microseconds since the epoch.
            lags: Asks the source what lies behind positions.
            elsewhere: Reads the headers of partitions that others own. May raise TransientError.
            follows_wall: Whether the wall's time means anything for what is learnt.
        """
        self._clock, self._now_us, self._lags, self._elsewhere = clock, now_us, lags, elsewhere
        self._idle_s = length(plan.topic.idle) * MICROSECOND.total_seconds()
        self._lateness = plan.lateness
        self._step = plan.step if follows_wall and plan.topic.clock == WALL else None
        self._heard: dict[int, float] = {}
        self._others: dict[int, PartitionHeader] = {}
        self._ask_at = self._look_at = clock()

    def hear(self, partition: int) -> None:
        """Note that a partition is heard of now."""
        self._heard[partition] = self._clock()

    def moments(self, headers: Mapping[int, PartitionHeader]) -> dict[int, int]:
        """Say up to when time goes on in silent partitions, in microseconds since the epoch."""
        silent = self._silent(headers)
        if not silent:
            return {}
        others = self._looked_at(headers)
        quiet = self._silent(others)
        if len(silent) == len(headers) and len(quiet) == len(others):
            return self._by_the_wall(headers)
        moving = [header for number, header in {**others, **headers}.items() if number not in {*silent, *quiet}]
        known = [header.watermark for header in moving if header.watermark is not None]
        return dict.fromkeys(silent, min(known)) if known else {}

    def _silent(self, headers: Mapping[int, PartitionHeader]) -> list[int]:
        now = self._clock()
        return [number for number in headers if now - self._heard.get(number, now) >= self._idle_s]

    def _looked_at(self, mine: Mapping[int, PartitionHeader]) -> Mapping[int, PartitionHeader]:
        """Tell how far partitions are that others own, as of the last few seconds."""
        if self._clock() >= self._look_at:
            self._look_at = self._clock() + ASK_S
            with suppress(TransientError):
                found = self._elsewhere()
                for number, header in found.items():
                    before = self._others.get(number)
                    if before is None or header.offset != before.offset:
                        self.hear(number)
                self._others = dict(found)
        return {number: header for number, header in self._others.items() if number not in mine}

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

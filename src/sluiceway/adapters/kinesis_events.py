"""Events from Kinesis: all shards of a stream as one partition, by arrival, a parent's before its children's."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from sluiceway.adapters.kinesis_wire import ExpiredIteratorError, KinesisWire, Read, Shard
from sluiceway.adapters.merged_lanes import Arrived, MergedLanes, read_mark
from sluiceway.core.errors import SluicewayError, SourceError, TransientError
from sluiceway.ports.event_source import EventBatch, Lag, Ownership, Position

READ_S, LONGEST_S = 0.25, 5.0  # a shard gives five answers a second, to all who read it
MOST, MOST_HELD, MOST_BYTES = 10_000, 20_000, 64 << 20
THREADS = 16

Answer: TypeAlias = Read | SluicewayError | ExpiredIteratorError


@dataclass(slots=True)
class _Reading:
    """How one shard is read: by which iterator, when next, how far behind it was, how long to wait where it fails."""

    iterator: str = ""
    due: float = 0.0
    behind_ms: int | None = None
    pause_s: float = READ_S


class KinesisEvents:
    """One stream, all of which each reader is told it owns: Kinesis deals nothing out.

    Messages are numbered as they come, so that offsets are those of one line of reading; ``mark`` has the sequence
    numbers of each shard. About 20,000 messages, or 64 MiB, are read ahead, and at least one answer of each shard.
    """

    def __init__(self, wire: KinesisWire, stream: str) -> None:
        """Name a stream; nothing is asked yet."""
        self._wire, self._stream = wire, stream
        self.is_dealt = False
        self._is_told = self._is_listed = False
        self._lanes: MergedLanes | None = None
        self._shards: list[Shard] = []
        self._readings: dict[int, _Reading] = {}
        self._listing = _Reading()

    def partition_count(self) -> int:
        """Return 1.

        Raises:
            SourceError: there is no such stream, or nobody answers.
        """
        try:
            self._wire.shards(self._stream)
        except TransientError as error:
            raise SourceError(str(error)) from None
        return 1

    def poll(self, ownership: Ownership, *, most: int, wait_s: float) -> list[EventBatch]:
        """Return at most so many messages; wait for the first as long as told.

        Raises:
            SourceError: the service refuses.
        """
        deadline = time.monotonic() + wait_s
        if not self._is_told:
            self._is_told = True
            self.seek(0, ownership.assigned([0]).get(0))
        while True:
            found = self._take(most)
            left_s = deadline - time.monotonic()
            if found or left_s <= 0:
                return found
            time.sleep(min(self._due_s(), left_s))

    def seek(self, partition: int, position: Position | None) -> None:
        """Go on reading from a position."""
        if partition == 0:
            self._lanes = None if position is None else MergedLanes(position)
            self._readings, self._is_listed = {}, False

    def lags(self, positions: Mapping[int, Position]) -> dict[int, Lag]:
        """Say whether anything lies behind a position, and for how long it has; how much it is, nobody tells."""
        position, lanes = positions.get(0, Position()), self._lanes
        if lanes is not None and lanes.position.offset == position.offset and self._knows_all(lanes):
            behind = max((each.behind_ms or 0 for each in self._readings.values()), default=0)
            return {0: Lag(lanes.held if lanes.is_at_tip else None, behind / 1000)}
        try:
            asked = self._behind(position)
        except SluicewayError:
            return {}
        return {0: Lag(0, 0.0) if asked is None else Lag(None, asked / 1000)}

    def joined(self, positions: Mapping[int, Position]) -> Position:
        """Return where to go on in the only partition there is."""
        return positions.get(0, Position())

    def close(self, ownership: Ownership) -> None:
        """Read no more."""
        if self._is_told:
            ownership.revoked([0])
        self._lanes, self._is_told = None, False

    def _take(self, most: int) -> list[EventBatch]:
        lanes = self._lanes
        if lanes is None:
            return []
        ended = lanes.ended
        self._list(lanes)
        self._fetch(lanes)
        self._is_listed = self._is_listed and lanes.ended == ended  # else there are children, to be read before others
        found = lanes.take(most) if self._is_listed else []
        self._is_listed = self._is_listed and lanes.ended == ended
        return [lanes.batch(found)] if found else []

    def _due_s(self) -> float:
        """Say how long nothing is to be done."""
        if self._lanes is None:
            return READ_S
        due = min((each.due for each in (self._readings.values() if self._is_listed else [self._listing])), default=0.0)
        return min(max(due - time.monotonic(), 0.005), READ_S)

    def _knows_all(self, lanes: MergedLanes) -> bool:
        """Whether every shard is read by now, or has ended."""
        known = {*self._readings, *lanes.ended, *lanes.closing}
        return self._is_listed and all(shard.number in known for shard in self._shards)

    def _list(self, lanes: MergedLanes) -> None:
        """Look which shards there are, and begin those whose parents have ended."""
        if self._is_listed or self._listing.due > time.monotonic():
            return
        try:
            self._shards = self._wire.shards(self._stream)
        except TransientError:
            self._listing = _later(self._listing)
            return
        self._listing, self._is_listed = _Reading(), True
        lanes.keep({each.number for each in self._shards})
        begun = {each.number for each in self._shards if each.parents <= lanes.ended} - lanes.ended - lanes.closing
        self._readings = {number: self._readings.get(number) or _Reading() for number in sorted(begun)}
        for number in self._readings:
            lanes.watch(number)

    def _fetch(self, lanes: MergedLanes) -> None:
        """Read shards whose turn it is, side by side."""
        now = time.monotonic()
        due = [number for number, each in self._readings.items() if each.due <= now and self._has_room(lanes, number)]
        for number, read in self._each(lanes, due):
            reading = self._readings[number]
            if isinstance(read, SourceError):
                raise read
            if not isinstance(read, Read):
                lanes.add(number, (), at_tip=False)
                expired = isinstance(read, ExpiredIteratorError)
                self._readings[number] = _Reading() if expired else _later(reading)
                continue
            lanes.add(number, map(_arrived, read.records), at_tip=read.behind_ms == 0 and len(read.records) < MOST)
            self._readings[number] = _Reading(read.iterator, now + READ_S, read.behind_ms)
            if not read.iterator:
                lanes.close(number)
                del self._readings[number]

    def _has_room(self, lanes: MergedLanes, number: int) -> bool:
        if not lanes.waiting(number):
            return True
        return lanes.held < MOST_HELD and lanes.held_bytes < MOST_BYTES

    def _each(self, lanes: MergedLanes, due: list[int]) -> Iterable[tuple[int, Answer]]:
        def read(number: int) -> Answer:
            try:
                reading = self._readings[number]
                if not reading.iterator:
                    reading.iterator = self._wire.iterator(self._stream, number, lanes.following(number))
                return self._wire.read(self._stream, reading.iterator, most=MOST)
            except (SluicewayError, ExpiredIteratorError) as error:
                return error

        answers = list(self._threads.map(read, due) if len(due) > 1 else map(read, due))
        return zip(due, answers, strict=True)

    def _behind(self, position: Position) -> int | None:
        """Ask each shard what comes behind a position; return for how many milliseconds it has, where anything does."""
        following, ended = read_mark(position.mark)
        found: list[int] = []
        for shard in self._wire.shards(self._stream):
            if shard.number in ended:
                continue
            iterator = self._wire.iterator(self._stream, shard.number, following.get(shard.number, 0))
            read = self._wire.read(self._stream, iterator, most=1)
            if read.records or read.behind_ms:
                found.append(read.behind_ms)
        return max(found, default=None)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, "kinesis")


def _later(reading: _Reading) -> _Reading:
    """Wait twice as long as the last time, up to five seconds, and go on from the same place."""
    pause_s = min(2 * reading.pause_s, LONGEST_S)
    return _Reading(reading.iterator, time.monotonic() + reading.pause_s, reading.behind_ms, pause_s)


def _arrived(record: Mapping[str, Any]) -> Arrived:
    at_ms = int(record["ApproximateArrivalTimestamp"].timestamp() * 1000)
    return Arrived(at_ms, int(record["SequenceNumber"]), record["Data"])

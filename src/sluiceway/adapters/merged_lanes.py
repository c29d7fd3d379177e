"""Merged lanes: messages of several lanes as one line, in the order in which they arrived."""

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from sluiceway.ports.event_source import EventBatch, Position


class Arrived(NamedTuple):
    """A message: when it arrived, in milliseconds since the epoch, where it lies in its lane, and what it says."""

    at_ms: int
    number: int
    value: bytes


Ready = tuple[int, int, Arrived]  # when, of which lane, what; of one moment, lower numbers come first


class MergedLanes:
    """Gives messages out by arrival, and a lane's own in their order, whatever their times say. For one thread.

    A message waits until every lane has shown one that is as young, or that it has no more: else those of a lane that
    is read more slowly would all seem late. Positions hold where to go on in each lane that was ever given out of, and
    which lanes have ended.
    """

    def __init__(self, position: Position) -> None:
        """Begin at a position; lanes are told by ``watch``."""
        self._next, self._ended = read_mark(position.mark)
        self._offset = position.offset
        self._read = dict(self._next)
        self._queues: dict[int, deque[Ready]] = {}
        self._newest: dict[int, int] = {}
        self._at_tip: dict[int, bool] = {}
        self._ready: deque[Ready] = deque()
        self._closing: set[int] = set()
        self.held_bytes = 0

    @property
    def position(self) -> Position:
        """Behind the last message that was given out."""
        return Position(self._offset, write_mark(self._next, self._ended))

    @property
    def held(self) -> int:
        """How many messages wait to be given out."""
        return len(self._ready) + sum(map(len, self._queues.values()))

    @property
    def is_at_tip(self) -> bool:
        """Whether every lane that is watched had no more when it was read last."""
        return all(self._at_tip.values())

    @property
    def ended(self) -> frozenset[int]:
        """The lanes of which all was given out, and nothing will come any more."""
        return frozenset(self._ended)

    @property
    def closing(self) -> frozenset[int]:
        """The lanes of which nothing will come any more, while some of it waits."""
        return frozenset(self._closing)

    def waiting(self, lane: int) -> int:
        """Return how many messages of a lane wait."""
        return len(self._queues.get(lane, ()))

    def following(self, lane: int) -> int:
        """Return the number in its lane at which to go on reading; 0 where nothing of it was read."""
        return self._read.get(lane, 0)

    @property
    def given_out(self) -> dict[int, int]:
        """By lane, one more than the number of the last message that was given out."""
        return dict(self._next)

    def keep(self, lanes: Set[int]) -> None:
        """Forget where those were that are no lanes any more."""
        self._ended &= lanes
        self._next = {lane: number for lane, number in self._next.items() if lane in lanes or lane in self._queues}

    def watch(self, lane: int) -> None:
        """Wait for a lane from now on."""
        self._queues.setdefault(lane, deque())
        self._at_tip.setdefault(lane, False)

    def add(self, lane: int, messages: Iterable[Arrived], *, at_tip: bool) -> None:
        """Take what was read of a lane, but for what it has; ``at_tip`` says that there was no more."""
        queue, newest, following = self._queues[lane], self._newest.get(lane, 0), self.following(lane)
        for message in messages:
            if message.number >= following:
                newest, following = max(newest, message.at_ms), message.number + 1
                queue.append((newest, lane, message))
                self.held_bytes += len(message.value)
        self._newest[lane], self._read[lane], self._at_tip[lane] = newest, following, at_tip

    def close(self, lane: int) -> None:
        """Take a lane's end for known: once its messages are given out, it is among those that ended.

        Until then nothing younger is given out: others may take over from it, whose messages are not known yet.
        """
        self._closing.add(lane)
        self._at_tip[lane] = False
        self._settle()

    def take(self, most: int) -> list[Ready]:
        """Give out messages, at most so many."""
        if len(self._ready) < most:
            self._release()
        found = [self._ready.popleft() for _ in range(min(most, len(self._ready)))]
        for _, lane, message in found:
            self._next[lane] = message.number + 1
            self.held_bytes -= len(message.value)
        self._offset += len(found)
        if found and self._closing:
            self._settle()
        return found

    def batch(self, found: Sequence[Ready]) -> EventBatch:
        """Make a batch of what was just given out."""
        position = self.position
        return EventBatch(
            0,
            range(position.offset - len(found), position.offset),
            [message.value for *_, message in found],
            position.mark,
            [(lane, message.number) for _, lane, message in found],
        )

    def _release(self) -> None:
        """Let go what nothing older can come before."""
        slow = [lane for lane, tip in self._at_tip.items() if not tip]
        until = min((self._newest[lane] if self._queues[lane] else -1 for lane in slow), default=None)
        if until == -1:
            return
        free: list[Ready] = []
        for queue in self._queues.values():
            while queue and (until is None or queue[0][0] <= until):
                free.append(queue.popleft())
        self._ready += sorted(free, key=lambda each: (each[0], each[2].number, each[1]))

    def _settle(self) -> None:
        left = {lane for _, lane, _ in self._ready}
        for lane in [lane for lane in self._closing if not self._queues[lane] and lane not in left]:
            self._closing.remove(lane)
            self._ended.add(lane)
            self._next.pop(lane, None)
            del self._queues[lane], self._at_tip[lane]


def write_mark(following: Mapping[int, int], ended: Iterable[int]) -> str:
    """Write where to go on in each lane, and which ended."""
    lanes: dict[str, int | None] = {str(lane): number for lane, number in sorted(following.items())}
    return json.dumps(lanes | {str(lane): None for lane in sorted(ended)}, separators=(",", ":"))


def read_mark(mark: str) -> tuple[dict[int, int], set[int]]:
    """Read it back; an empty one knows of no lane."""
    lanes = json.loads(mark) if mark else {}
    following = {int(lane): number for lane, number in lanes.items() if number is not None}
    return following, {int(lane) for lane, number in lanes.items() if number is None}

"""A live window: the facts that lie in the windows of one length, and what they sum up to by entity."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Sequence
from heapq import heappush

from sluiceway.online.known_rows import KnownRows
from sluiceway.online.window_addends import Extreme, Hashes, Ranks, Whole

Heap = list[tuple[float, int]]


class LiveWindow:
    """All windows of one length, so many panes long; ``inside`` tells by place which facts are in them."""

    __slots__ = (
        "_by_age",
        "_count",
        "_counters",
        "_entity",
        "_first",
        "_heaps",
        "_keys",
        "_low",
        "_ordered",
        "_panes",
        "_sums",
        "inside",
        "panes",
    )

    def __init__(self, panes: int, rows: KnownRows, pane_of: list[int], by_age: list[int]) -> None:
        self.panes = panes
        self.inside = bytearray(len(pane_of))
        self._panes, self._by_age = pane_of, by_age
        self._first = self._low = self._count = 0
        self._entity = rows.entity
        self._keys = len(rows.keys) + 1  # what nobody has goes to the end
        self._sums: dict[int, tuple[Whole, Whole]] = {}
        self._heaps: list[tuple[list[Heap], Extreme, int]] = []
        self._counters: list[tuple[list[Counter[int]], Hashes]] = []
        self._ordered: list[tuple[list[list[int]], Ranks]] = []

    @property
    def next_pane(self) -> int | None:
        """The next pane at whose beginning something may leave; ``None`` while there is nothing to leave."""
        return self._panes[self._by_age[self._first]] + self.panes + 1 if self._count else None

    def totals(self, addends: Whole) -> Whole:
        """Keep the sum of some addends by entity."""
        return self._sums.setdefault(id(addends), ([0] * self._keys, addends))[0]

    def heaps(self, values: Extreme, sign: int) -> list[Heap]:
        """Keep some values by entity, times ``sign``, the least first."""
        heaps: list[Heap] = [[] for _ in range(self._keys)]
        self._heaps.append((heaps, values, sign))
        return heaps

    def counters(self, hashes: Hashes) -> list[Counter[int]]:
        """Keep how often each hash is in, by entity."""
        made: list[Counter[int]] = [Counter() for _ in range(self._keys)]
        self._counters.append((made, hashes))
        return made

    def ordered(self, ranks: Ranks) -> list[list[int]]:
        """Keep the ranks of what is in by entity, the highest last."""
        made: list[list[int]] = [[] for _ in range(self._keys)]
        self._ordered.append((made, ranks))
        return made

    def expire(self, pane: int, touched: set[int]) -> None:
        """Let the facts go that are too old where ``pane`` begins."""
        self._low = pane - self.panes
        gone = []
        while self._first < len(self._by_age) and self._panes[self._by_age[self._first]] < self._low:
            place = self._by_age[self._first]
            self._first += 1
            if self.inside[place]:
                self.inside[place] = 0
                gone.append(place)
        self._count -= len(gone)
        touched.update(self._entity[place] for place in gone)
        self._take_out(gone)

    def take(self, entering: Sequence[int], touched: set[int]) -> None:
        """Let facts in, unless they are too old already."""
        come = [place for place in entering if self._panes[place] >= self._low]
        self._count += len(come)
        touched.update(self._entity[place] for place in come)
        for place in come:
            self.inside[place] = 1
        for totals, addends in self._sums.values():
            for place in come:
                totals[self._entity[place]] += addends[place]
        for heaps, values, sign in self._heaps:
            for place in come:
                value = values[place]
                if value is not None:
                    heappush(heaps[self._entity[place]], (sign * value, place))
        self._take_each(come)

    def _take_each(self, come: Sequence[int]) -> None:
        """Let hashes and ranks in, which are kept one by one."""
        for counters, hashes in self._counters:
            for place in come:
                hashed = hashes[place]
                if hashed is not None:
                    counters[self._entity[place]][hashed] += 1
        for ordered, ranks in self._ordered:
            for place in come:
                rank = ranks[place]
                if rank is not None:
                    insort(ordered[self._entity[place]], rank)

    def drop(self, place: int) -> None:
        """Take one fact out, if it is in."""
        if self.inside[place]:
            self.inside[place] = 0
            self._count -= 1
            self._take_out([place])

    def _take_out(self, gone: Sequence[int]) -> None:
        for totals, addends in self._sums.values():
            for place in gone:
                totals[self._entity[place]] -= addends[place]
        for counters, hashes in self._counters:
            for place in gone:
                _less(counters[self._entity[place]], hashes[place])
        for ordered, ranks in self._ordered:
            for place in gone:
                _without(ordered[self._entity[place]], ranks[place])


def _less(counter: Counter[int], value: int | None) -> None:
    if value is not None:
        counter[value] -= 1
        if not counter[value]:
            del counter[value]


def _without(ordered: list[int], rank: int | None) -> None:
    if rank is not None:
        del ordered[bisect_left(ordered, rank)]

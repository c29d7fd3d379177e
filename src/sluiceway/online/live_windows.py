"""Live windows: a view's window features kept up as facts enter and leave, one step of ``every`` after the other.

A fact that becomes known in a step, a pane, enters every window that ends later, and leaves one of length ``over`` when
``over`` has passed. Sums are exact, so what left is subtracted. Least and greatest values lie in a heap by entity, from
whose top is taken what has left. A fact that is replaced leaves at once, and is struck out, so that it does not leave
again.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from heapq import heappop, heappush

from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.online.known_rows import NOBODY, NOTHING, KnownRows
from sluiceway.online.window_addends import Extreme, Whole, WindowAddends
from sluiceway.plans.exact_numbers import UNIT, as_double
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.single_precision import as_single
from sluiceway.plans.window_frames import by_over, window_features

Tell = Callable[[int], FeatureValue]
Heap = list[tuple[float, int]]


class LiveWindows:
    """Window features by entity, as of the beginning of one pane."""

    def __init__(self, view: FeatureView, kinds: Mapping[str, str], rows: KnownRows) -> None:
        every = length(view.every)
        self._entity, self._replaces = rows.entity, rows.replaces
        self._corrected = any(place != NOTHING for place in rows.replaces)
        self._panes = [known // every for known in rows.known]
        self._addends = WindowAddends(rows, kinds)
        self._windows = [_Window(length(over) // every, rows) for over in by_over(view)]
        named = dict(zip(by_over(view), self._windows, strict=True))
        self._tellers = [
            _teller(feature, kinds, named[str(feature.over)], self._addends) for feature in window_features(view)
        ]
        self._head = 0
        self._seen = bytearray(len(rows.keys) + 1)

    @property
    def next_pane(self) -> int | None:
        """The next pane at whose beginning anything may be another; ``None`` when nothing is to come."""
        panes, head = self._panes, self._head
        moments = [panes[window.first] + window.panes + 1 for window in self._windows if window.first < head]
        if head < len(panes):
            moments.append(panes[head] + 1)
        return min(moments, default=None)

    def advance(self, pane: int) -> set[int]:
        """Let the windows end where ``pane`` begins; return the entities whose facts entered or left."""
        begin, self._head = self._head, bisect_left(self._panes, pane, self._head)
        touched = set(self._entity[begin : self._head])
        touched.discard(NOBODY)
        for entity in touched:
            self._seen[entity] = 1
        for window in self._windows:
            window.expire(bisect_left(self._panes, pane - window.panes, window.first), begin, touched)
            window.take(begin, self._head)
        if self._corrected:
            self._replace(begin, touched)
        return touched

    def knows(self, entity: int) -> bool:
        """Whether anything of an entity was known before the windows' end."""
        return bool(self._seen[entity])

    def values(self, entity: int) -> list[FeatureValue]:
        """Tell an entity's features in the view's order; all are missing where nothing was known of it."""
        if not self._seen[entity]:
            return [None] * len(self._tellers)
        return [tell(entity) for tell in self._tellers]

    def _replace(self, begin: int, touched: set[int]) -> None:
        for place in range(begin, self._head):
            old = self._replaces[place]
            if old == NOTHING:
                continue
            for window in self._windows:
                window.drop(old)
            self._addends.strike(old)
            if self._entity[old] != NOBODY:
                touched.add(self._entity[old])


class _Window:
    """All windows of one length: the facts from ``first`` on are in them."""

    __slots__ = ("_entity", "_heaps", "_keys", "_sums", "first", "panes")

    def __init__(self, panes: int, rows: KnownRows) -> None:
        self.panes = panes
        self.first = 0
        self._entity = rows.entity
        self._keys = len(rows.keys) + 1  # what nobody has goes to the end
        self._sums: dict[int, tuple[Whole, Whole]] = {}
        self._heaps: list[tuple[list[Heap], Extreme, int]] = []

    def totals(self, addends: Whole) -> Whole:
        """Keep the sum of some addends by entity."""
        return self._sums.setdefault(id(addends), ([0] * self._keys, addends))[0]

    def heaps(self, values: Extreme, sign: int) -> list[Heap]:
        """Keep some values by entity, times ``sign``, the least first."""
        heaps: list[Heap] = [[] for _ in range(self._keys)]
        self._heaps.append((heaps, values, sign))
        return heaps

    def expire(self, first: int, head: int, touched: set[int]) -> None:
        """Let the facts before ``first`` go; those from ``head`` on never came."""
        gone = slice(self.first, min(first, head))
        self.first = first
        entities = self._entity[gone]
        touched.update(entities)
        touched.discard(NOBODY)
        for totals, addends in self._sums.values():
            for entity, addend in zip(entities, addends[gone], strict=True):
                totals[entity] -= addend

    def take(self, begin: int, end: int) -> None:
        """Let the facts from ``begin`` to ``end`` in, unless they have left already."""
        come = slice(max(begin, self.first), end)
        entities = self._entity[come]
        for totals, addends in self._sums.values():
            for entity, addend in zip(entities, addends[come], strict=True):
                totals[entity] += addend
        for heaps, values, sign in self._heaps:
            for place in range(come.start, end):
                value = values[place]
                if value is not None:
                    heappush(heaps[self._entity[place]], (sign * value, place))

    def drop(self, place: int) -> None:
        """Take one fact out of the sums, unless it has left."""
        if place >= self.first:
            for totals, addends in self._sums.values():
                totals[self._entity[place]] -= addends[place]


def _teller(feature: Feature, kinds: Mapping[str, str], window: _Window, addends: WindowAddends) -> Tell:
    column = feature.column
    if column is None:
        return _count(window.totals(addends.rows()))
    if feature.kind in {"min", "max"}:
        return _extreme(window, addends.extremes(column), 1 if feature.kind == "min" else -1)
    counts = window.totals(addends.present(column))
    if feature.kind == "count":
        return _count(counts)
    wholes = window.totals(addends.wholes(column))
    if kinds[column] == "number":
        fractions = window.totals(addends.fractions(column))
        return _sum_of_numbers(counts, wholes, fractions, is_mean=feature.kind == "mean")
    return _mean(counts, wholes) if feature.kind == "mean" else _sum(counts, wholes)


def _count(counts: Whole) -> Tell:
    return lambda entity: as_single(counts[entity])


def _sum(counts: Whole, wholes: Whole) -> Tell:
    return lambda entity: as_single(as_double(wholes[entity])) if counts[entity] else None


def _mean(counts: Whole, wholes: Whole) -> Tell:
    def tell(entity: int) -> FeatureValue:
        count = counts[entity]
        return as_single(as_double(wholes[entity]) / count) if count else None

    return tell


def _sum_of_numbers(counts: Whole, wholes: Whole, fractions: Whole, *, is_mean: bool) -> Tell:
    def tell(entity: int) -> FeatureValue:
        count = counts[entity]
        if not count:
            return None
        total = as_double(wholes[entity]) + as_double(fractions[entity]) / UNIT
        return as_single(total / count if is_mean else total)

    return tell


def _extreme(window: _Window, values: Extreme, sign: int) -> Tell:
    heaps = window.heaps(values, sign)

    def tell(entity: int) -> FeatureValue:
        heap = heaps[entity]
        while heap:
            value, place = heap[0]
            if place >= window.first and values[place] is not None:
                return sign * value
            heappop(heap)
        return None

    return tell

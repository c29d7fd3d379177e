"""Window tellers: what a feature is for an entity, read from the sums and heaps of a live window."""

from collections import Counter
from collections.abc import Callable, Mapping
from heapq import heappop

from sluiceway.declare.feature import LAST, Feature
from sluiceway.online.live_window import LiveWindow
from sluiceway.online.window_addends import WindowAddends
from sluiceway.plans.distinct import counted
from sluiceway.plans.exact_numbers import UNIT, as_double
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.single_precision import as_single
from sluiceway.plans.spread import SUMS, deviation_of

Tell = Callable[[int], FeatureValue]


def tellers(feature: Feature, kinds: Mapping[str, str], window: LiveWindow, addends: WindowAddends) -> tuple[Tell, ...]:
    """Make what tells each value of a window feature, by the number of its entity."""
    if feature.kind == LAST:
        ranks, values = addends.lasts(feature)
        ordered = window.ordered(ranks)
        return tuple(_last(ordered, values, back) for back in range(1, 1 + (feature.size or 0)))
    return (_teller(feature, kinds, window, addends),)


def _teller(feature: Feature, kinds: Mapping[str, str], window: LiveWindow, addends: WindowAddends) -> Tell:
    column = feature.column
    if column is None:
        return _count(window.totals(addends.sums(feature, "rows")))
    if feature.kind in {"min", "max"}:
        return _extreme(feature, window, addends)
    if feature.kind == "std":
        return _deviation(feature, window, addends)
    if feature.kind == "count_distinct":
        return _distinct(window.counters(addends.hashes(feature)))
    counts = window.totals(addends.sums(feature, "count"))
    if feature.kind == "count":
        return _count(counts)
    wholes = window.totals(addends.sums(feature, "whole"))
    fractions = window.totals(addends.sums(feature, "fraction")) if kinds[column] == "number" else None
    return _total(counts, wholes, fractions, is_mean=feature.kind == "mean")


def _count(counts: list[int]) -> Tell:
    return lambda entity: as_single(counts[entity])


def _total(counts: list[int], wholes: list[int], fractions: list[int] | None, *, is_mean: bool) -> Tell:
    def tell(entity: int) -> FeatureValue:
        count = counts[entity]
        if not count:
            return None
        total = as_double(wholes[entity])
        if fractions is not None:
            total += as_double(fractions[entity]) / UNIT
        return as_single(total / count if is_mean else total)

    return tell


def _deviation(feature: Feature, window: LiveWindow, addends: WindowAddends) -> Tell:
    totals = [window.totals(addends.sums(feature, f"std:{name}")) for name in SUMS]

    def tell(entity: int) -> FeatureValue:
        count, whole, units, wholes, cross, squares = (total[entity] for total in totals)
        found = deviation_of(count, whole, units, wholes, cross, squares)
        return None if found is None else as_single(found)

    return tell


def _distinct(counters: list[Counter[int]]) -> Tell:
    return lambda entity: as_single(counted(counters[entity]))


def _last(ordered: list[list[int]], values: list[float], back: int) -> Tell:
    def tell(entity: int) -> FeatureValue:
        mine = ordered[entity]
        return values[mine[-back]] if len(mine) >= back else None

    return tell


def _extreme(feature: Feature, window: LiveWindow, addends: WindowAddends) -> Tell:
    sign = 1 if feature.kind == "min" else -1
    values = addends.extremes(feature)
    heaps = window.heaps(values, sign)

    def tell(entity: int) -> FeatureValue:
        heap = heaps[entity]
        while heap:
            value, place = heap[0]
            if window.inside[place] and values[place] is not None:
                return sign * value
            heappop(heap)
        return None

    return tell

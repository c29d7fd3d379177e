"""Live latest: the newest fact of each entity, kept up as facts become known and are replaced.

The newest is the one with the greatest event_time, of those the one that stands last among the known rows.
"""

from collections.abc import Mapping
from heapq import heappop, heappush

import numpy as np
import polars as pl

from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.online.known_rows import NOBODY, NOTHING, KnownRows
from sluiceway.plans.latest import latest_features
from sluiceway.plans.number_lists import numbers_in
from sluiceway.plans.packed_value import FeatureValue


class LiveLatest:
    """Latest features by entity, as of one moment."""

    def __init__(self, view: FeatureView, kinds: Mapping[str, str], rows: KnownRows) -> None:
        self._rows = rows
        self._columns = [values for feature in latest_features(view) for values in _values(rows, feature, kinds)]
        by_age = np.argsort(np.array(rows.event, np.int64), kind="stable")
        self._place_of = by_age.tolist()
        ranks = np.empty(len(by_age), np.int64)
        ranks[by_age] = np.arange(len(by_age))
        self._rank_of = ranks.tolist()
        self._standing = bytearray(len(by_age))
        self._heaps: list[list[int]] = [[] for _ in rows.keys]
        self._head = 0

    @property
    def next_us(self) -> int | None:
        """When the next fact becomes known; ``None`` when nothing is to come."""
        return self._rows.known[self._head] if self._head < len(self._rows.known) else None

    def advance(self, to_us: int) -> set[int]:
        """Learn what became known by a moment, and return the entities that it is about."""
        touched = set()
        known, entity = self._rows.known, self._rows.entity
        while self._head < len(known) and known[self._head] <= to_us:
            place, old = self._head, self._rows.replaces[self._head]
            self._head += 1
            if old != NOTHING:
                self._standing[old] = 0
                touched.add(entity[old])
            if entity[place] != NOBODY:
                self._standing[place] = 1
                heappush(self._heaps[entity[place]], -self._rank_of[place])
                touched.add(entity[place])
        touched.discard(NOBODY)
        return touched

    def newest(self, entity: int) -> int | None:
        """Find the place of an entity's newest fact; ``None`` where none stands."""
        heap = self._heaps[entity]
        while heap:
            place: int = self._place_of[-heap[0]]
            if self._standing[place]:
                return place
            heappop(heap)
        return None

    def stamp(self, place: int) -> tuple[int, int]:
        """Give a fact's event_time and known_time."""
        return self._rows.event[place], self._rows.known[place]

    def values(self, place: int | None) -> list[FeatureValue]:
        """Tell the features that a fact gives, in the view's order."""
        return [None if place is None else column[place] for column in self._columns]


def _values(rows: KnownRows, feature: Feature, kinds: Mapping[str, str]) -> list[list[FeatureValue]]:
    """Read a feature off every fact: for each of its columns the values by place."""
    values = rows.frame.get_column(str(feature.column))
    if feature.size is not None:
        return [_rounded(numbers) for numbers in numbers_in(values, feature.size)]
    if kinds[str(feature.column)] not in {"integer", "number"}:
        return [values.cast(pl.String).to_list()]
    return [_rounded(values)]


def _rounded(values: pl.Series) -> list[FeatureValue]:
    rounded = values.cast(pl.Float32, strict=False).cast(pl.Float64)
    return pl.select(pl.when(rounded.is_finite()).then(rounded)).to_series().to_list()

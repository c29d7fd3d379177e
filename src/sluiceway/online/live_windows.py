"""Live windows: window features kept up as facts enter and leave.

A fact enters when it counts for the first time: when its pane has ended and it is known, or, in a fresh window, as soon
as it is known and has come about. It leaves a window of length ``over`` when ``over`` has passed since its pane. Sums
are exact, so what left is subtracted. Least and greatest values lie in a heap by entity, from whose top is taken what
has left. A fact that is replaced leaves at once, and is struck out, so that it does not enter or leave again.
"""

from bisect import bisect_right
from collections.abc import Mapping

import numpy as np

from sluiceway.online.known_rows import NOBODY, NOTHING, KnownRows
from sluiceway.online.live_window import LiveWindow
from sluiceway.online.window_addends import WindowAddends
from sluiceway.online.window_tellers import tellers
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.window_groups import WindowGroup


class LiveWindows:
    """A group's window features by entity, as of one moment, microseconds since the epoch."""

    def __init__(self, group: WindowGroup, kinds: Mapping[str, str], rows: KnownRows) -> None:
        self._every, self._follows = group.every, group.follows
        self._entity, self._replaces, self._known = rows.entity, rows.replaces, rows.known
        self._corrected = any(place != NOTHING for place in rows.replaces)
        known = np.array(rows.known, np.int64)
        times = np.array(rows.event, np.int64) if group.by_event else known
        panes = times // group.every
        enters = np.maximum(known, times if group.is_fresh else (panes + 1) * group.every)
        order = np.argsort(enters, kind="stable")
        self._order, self._enters = order.tolist(), enters[order].tolist()
        self._addends = WindowAddends(rows, kinds)
        by_age, pane_of = np.argsort(panes, kind="stable").tolist(), panes.tolist()
        self._windows = [LiveWindow(length(over) // group.every, rows, pane_of, by_age) for over in group.by_over]
        named = dict(zip(group.by_over, self._windows, strict=True))
        self._tellers = [
            tell
            for feature in group.features
            for tell in tellers(feature, kinds, named[str(feature.over)], self._addends)
        ]
        self._head = self._heard = 0
        self._seen = bytearray(len(rows.keys) + 1)

    @property
    def next_us(self) -> int | None:
        """The next moment at which anything may be another; ``None`` when nothing is to come."""
        moments = [leaves * self._every for window in self._windows if (leaves := window.next_pane) is not None]
        if self._head < len(self._enters):
            moments.append(self._enters[self._head])
        if self._heard < len(self._known) and self._follows:
            moments.append(self._known[self._heard])
        return min(moments, default=None)

    @property
    def entered_us(self) -> int | None:
        """When the last fact entered; ``None`` before the first."""
        return self._enters[self._head - 1] if self._head else None

    def advance(self, to_us: int) -> set[int]:
        """Learn what counts at a moment; return the entities whose facts entered or left."""
        pane = to_us // self._every
        before = to_us + 1 if self._follows else pane * self._every
        head = bisect_right(self._enters, to_us, self._head)
        heard = bisect_right(self._known, before - 1, self._heard)
        entering, self._head = self._order[self._head : head], head
        touched = set(self._entity[self._heard : heard])
        for entity in touched:
            self._seen[entity] = 1
        for window in self._windows:
            window.expire(pane, touched)
            window.take(entering, touched)
        if self._corrected:
            self._replace(heard, touched)
        self._heard = heard
        touched.discard(NOBODY)
        return touched

    def values(self, entity: int) -> list[FeatureValue]:
        """Tell an entity's values in the group's order; all are missing where nothing was known of it."""
        if not self._seen[entity]:
            return [None] * len(self._tellers)
        return [tell(entity) for tell in self._tellers]

    def _replace(self, heard: int, touched: set[int]) -> None:
        for place in range(self._heard, heard):
            old = self._replaces[place]
            if old != NOTHING:
                for window in self._windows:
                    window.drop(old)
                self._addends.strike(old)
                touched.add(self._entity[old])

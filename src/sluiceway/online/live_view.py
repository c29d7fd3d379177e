"""The live view: a feature view kept up to date fact by fact, as a service that hears of them would.

This is a second execution of a view's definition, in plain Python, beside the batch plan of stage 4: nothing that
becomes known after the moment it has advanced to is looked at. Its values are the batch plan's, bit by bit.
"""

from bisect import bisect_right
from collections.abc import Mapping

import pyarrow as pa

from sluiceway.core.errors import MisuseError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.online.known_rows import NOBODY, known_rows
from sluiceway.online.live_latest import LiveLatest
from sluiceway.online.live_windows import LiveWindows
from sluiceway.plans.latest import latest_features
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import FeatureValue, PackedValue, pack_value
from sluiceway.plans.snapshot import window_end
from sluiceway.plans.window_frames import window_features

Item = tuple[bytes, bytes]
Stamp = tuple[int, int]


class LiveView:
    """A view's packed values, as they change. Moments are microseconds since the epoch. For one thread.

    ``went_back`` tells whether a value of the last advance has an older stamp than the one before it, because a fact
    was corrected; a store's ``write`` would keep the old one, so replace the view with a ``snapshot`` instead.
    """

    def __init__(self, view: FeatureView, kinds: Mapping[str, str], rows: pa.Table) -> None:
        """Stand before the first fact.

        Args:
            view: What to keep up.
            kinds: Each column's kind in the view's source.
            rows: All facts that will ever become known: what the view reads of its source, and the two times.
        """
        self.name, self.digest = view.name, view.digest
        self.went_back = False
        known = known_rows(view, rows)
        self._view = view
        self._keys, self._known, self._entity = known.keys, known.known, known.entity
        self._windows = LiveWindows(view, kinds, known) if window_features(view) else None
        self._latest = LiveLatest(view, kinds, known) if latest_features(view) else None
        self._order = _order(view)
        self._held: list[list[FeatureValue] | None] = [None] * len(known.keys)
        self._stamps: list[Stamp | None] = [None] * len(known.keys)
        self._at: int | None = None

    @property
    def next_change_us(self) -> int | None:
        """The next moment at which a value may change; ``None`` when nothing is to come."""
        pane = self._windows.next_pane if self._windows else None
        moments = [] if pane is None else [pane * length(self._view.every)]
        known = self._latest.next_us if self._latest else None
        return min(moments if known is None else [*moments, known], default=None)

    def advance(self, to_us: int) -> list[Item]:
        """Learn all that became known by a moment; return the keys whose value changed, each once, with the value.

        A value is written when the windows ended, or when the last fact became known.

        Raises:
            MisuseError: the moment lies before the last one.
        """
        touched, end = self._learn(to_us), window_end(self._view, to_us)
        heard = self._latest.changed_us if self._latest else None
        written = end if heard is None else heard if self._windows is None else max(end, heard)
        through = written if self._windows is None else end
        changes = []
        for entity in touched:
            features, newest = self._told(entity)
            if features != self._held[entity] or newest not in (None, self._stamps[entity]):
                value = PackedValue(*(newest or (end, end)), through, written, features)
                changes.append((self._keys[entity], self._keep(entity, value)))
        return changes

    def snapshot(self, at_us: int) -> list[Item]:
        """Learn all that became known by a moment; return every key known by then with its value, written then.

        Raises:
            MisuseError: the moment lies before the last one.
        """
        self._learn(at_us)
        end = window_end(self._view, at_us)
        items = []
        for entity in set(self._entity[: bisect_right(self._known, at_us)]) - {NOBODY}:
            features, newest = self._told(entity)
            value = PackedValue(*(newest or (end, end)), end if self._windows else at_us, at_us, features)
            items.append((self._keys[entity], self._keep(entity, value)))
        return items

    def _learn(self, to_us: int) -> set[int]:
        if self._at is not None and to_us < self._at:
            raise MisuseError(f"view {self.name!r} knows what came until {self._at}, it cannot go back to {to_us}")
        self._at, self.went_back = to_us, False
        touched = self._windows.advance(to_us // length(self._view.every)) if self._windows else set()
        return touched | self._latest.advance(to_us) if self._latest else touched

    def _told(self, entity: int) -> tuple[list[FeatureValue], Stamp | None]:
        """Tell an entity's features, and the times of its newest fact where the view asks for that."""
        windows = self._windows.values(entity) if self._windows else []
        if self._latest is None:
            return windows, None
        place = self._latest.newest(entity)
        both = windows + self._latest.values(place)
        return [both[index] for index in self._order], None if place is None else self._latest.stamp(place)

    def _keep(self, entity: int, value: PackedValue) -> bytes:
        """Remember what was given last."""
        stamp, before = (value.event_time, value.known_time), self._stamps[entity]
        self.went_back = self.went_back or (before is not None and stamp < before)
        self._held[entity], self._stamps[entity] = value.features, stamp
        return pack_value(value)


def _order(view: FeatureView) -> list[int]:
    """Say where each of the view's features stands when its windows come first and its latest features after them."""
    apart = [*window_features(view), *latest_features(view)]
    return [apart.index(feature) for feature in view.features]

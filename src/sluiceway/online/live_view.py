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
from sluiceway.plans.derived_values import DerivedValues
from sluiceway.plans.latest import latest_features
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import FeatureValue, PackedValue, pack_value
from sluiceway.plans.snapshot import window_end
from sluiceway.plans.window_groups import window_groups

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
        self._windows = [LiveWindows(group, kinds, known) for group in window_groups(view)]
        self._follows = any(group.follows for group in window_groups(view))
        self._latest = LiveLatest(view, kinds, known) if latest_features(view) else None
        self._names = _names(view)
        self._derived = DerivedValues(view, kinds)
        self._held: list[list[FeatureValue] | None] = [None] * len(known.keys)
        self._stamps: list[Stamp | None] = [None] * len(known.keys)
        self._at: int | None = None

    @property
    def next_change_us(self) -> int | None:
        """The next moment at which a value may change; ``None`` when nothing is to come."""
        parts: list[LiveWindows | LiveLatest] = [*self._windows, *([self._latest] if self._latest else [])]
        return min((due for part in parts if (due := part.next_us) is not None), default=None)

    def advance(self, to_us: int) -> list[Item]:
        """Learn all that became known by a moment; return the keys whose value changed, each once, with the value.

        A value is written when the windows ended, or when the last fact became known.

        Raises:
            MisuseError: the moment lies before the last one.
        """
        touched, written = self._learn(to_us), self._changed(to_us)
        end = written if self._follows else window_end(self._view, to_us)
        through = end if self._windows else written
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
        touched = self._latest.advance(to_us) if self._latest else set()
        return touched.union(*(windows.advance(to_us) for windows in self._windows))

    def _changed(self, to_us: int) -> int:
        """Tell when anything may have changed last: when a pane began, or a fact became known or came about."""
        begun = to_us // length(self._view.every) * length(self._view.every)
        if not self._latest and not self._follows:
            return begun
        place = bisect_right(self._known, to_us)
        heard = self._known[place - 1] if place else begun
        if not self._windows:
            return heard
        return max(begun, heard, *(entered for each in self._windows if (entered := each.entered_us) is not None))

    def _told(self, entity: int) -> tuple[list[FeatureValue], Stamp | None]:
        """Tell an entity's features, and the times of its newest fact where the view asks for that."""
        values = [value for windows in self._windows for value in windows.values(entity)]
        place = self._latest.newest(entity) if self._latest else None
        if self._latest:
            values += self._latest.values(place)
        features = self._derived.complete(dict(zip(self._names, values, strict=True)))
        return features, self._latest.stamp(place) if self._latest and place is not None else None

    def _keep(self, entity: int, value: PackedValue) -> bytes:
        """Remember what was given last."""
        stamp, before = (value.event_time, value.known_time), self._stamps[entity]
        self.went_back = self.went_back or (before is not None and stamp < before)
        self._held[entity], self._stamps[entity] = value.features, stamp
        return pack_value(value)


def _names(view: FeatureView) -> list[str]:
    """Name the values as they are told: windows by group, then the latest."""
    windows = [feature for group in window_groups(view) for feature in group.features]
    return [name for feature in [*windows, *latest_features(view)] for name in feature.names]

"""Entity panes: the partials of one view's panes by entity, as far as some window of it may still reach them."""

from collections.abc import Iterable, Mapping

from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.pane_partials import PanePartials, PartialValue, Tell
from sluiceway.plans.window_groups import window_features, window_groups

Partials = list[PartialValue]
Place = tuple[bytes, int]  # an entity's packed key, and a pane's number since the epoch


class EntityPanes:
    """Panes by entity, the windows made of them, and what changed since ``settle``. For one thread.

    Windows end where pane ``end`` begins; fresh ones take that pane in as well, as far as it is known. A pane is let
    go when no window that ends there or later has it.
    """

    def __init__(self, view: FeatureView, kinds: Mapping[str, str]) -> None:
        every = length(view.every)
        groups = window_groups(view)
        self.partials = PanePartials(window_features(view), kinds)
        self.is_fresh = any(group.is_fresh for group in groups)
        self.changed: set[Place] = set()
        self.gone: set[Place] = set()
        self.end: int | None = None
        self._windows: list[tuple[int, bool, list[tuple[int, Tell]]]] = [
            (
                length(over) // every,
                group.is_fresh,
                [placed for feature in features for placed in self._placed(view, feature)],
            )
            for group in groups
            for over, features in group.by_over.items()
        ]
        self._longest = max(panes for panes, *_ in self._windows)
        self._panes: dict[bytes, dict[int, Partials]] = {}
        self._holders: dict[int, set[bytes]] = {}

    def _placed(self, view: FeatureView, feature: Feature) -> Iterable[tuple[int, Tell]]:
        """Make what tells each of a feature's values, with its place in the view."""
        places = [view.columns.index(name) for name in view.columns_of(feature)]
        return zip(places, self.partials.tellers(feature), strict=True)

    def get(self, place: Place) -> Partials | None:
        """Return a pane's partials, ``None`` where it has none."""
        return self._panes.get(place[0], {}).get(place[1])

    @property
    def oldest(self) -> int:
        """The oldest pane that a window which ends now or later has."""
        return (self.end or 0) - self._longest

    def reaches(self, pane: int) -> bool:
        """Whether a window that ends now or later has a pane."""
        return self.end is None or pane >= self.oldest

    def restore(self, place: Place, partials: Partials) -> None:
        """Take back a pane as it was stored."""
        self._panes.setdefault(place[0], {})[place[1]] = partials
        self._holders.setdefault(place[1], set()).add(place[0])

    def add(self, place: Place, partials: Partials) -> None:
        """Merge the partials of further rows into a pane."""
        mine = self._panes.setdefault(place[0], {})
        before = mine.get(place[1])
        mine[place[1]] = partials if before is None else self.partials.merged((before, partials))
        self._holders.setdefault(place[1], set()).add(place[0])
        self.changed.add(place)

    def put(self, place: Place, partials: Partials | None) -> None:
        """Replace a pane's partials; ``None`` lets the pane go, as it has no rows any more."""
        if partials is not None:
            self.restore(place, partials)
            self.changed.add(place)
        elif self.get(place) is not None:
            self._drop(place)

    def advance(self, end: int) -> set[bytes]:
        """Let the windows end where pane ``end`` begins; return the entities whose panes entered or left one.

        That includes those with a changed pane in a window.
        """
        begin, self.end = self.end, end
        moved: set[bytes] = {entity for entity, pane in self.changed | self.gone if pane < end + self.is_fresh}
        if begin != end:
            moved.update(*(holders for pane, holders in self._holders.items() if self._moves(pane, begin, end)))
        for pane in [pane for pane in self._holders if pane < self.oldest]:
            for entity in list(self._holders[pane]):
                self._drop((entity, pane))
        return moved

    def settle(self) -> None:
        """Take what changed as written."""
        self.changed, self.gone = set(), set()

    def fill(self, entity: bytes, features: list[FeatureValue], *, only_fresh: bool) -> None:
        """Put the values of an entity's window features, or of fresh ones alone, where they stand in the view."""
        mine, end = self._panes.get(entity, {}), self.end or 0
        for panes, is_fresh, tellers in self._windows:
            if only_fresh and not is_fresh:
                continue
            upto = end + is_fresh
            found = [partials for pane, partials in mine.items() if end - panes <= pane < upto]
            values = self.partials.merged(found) if len(found) != 1 else found[0]
            for place, tell in tellers:
                features[place] = tell(values)

    def _moves(self, pane: int, begin: int | None, end: int) -> bool:
        if begin is None:
            return pane < end
        return begin <= pane < end or any(begin - panes <= pane < end - panes for panes, *_ in self._windows)

    def _drop(self, place: Place) -> None:
        entity, pane = place
        del self._panes[entity][pane]
        if not self._panes[entity]:
            del self._panes[entity]
        self._holders[pane].discard(entity)
        if not self._holders[pane]:
            del self._holders[pane]
        self.changed.discard(place)
        self.gone.add(place)

"""Window groups: a view's window features, apart by which facts a prediction at ``t`` lets them see.

A window is made of panes of length ``every``, aligned to the epoch in UTC, by the known_time of facts, or by their
event_time where the view says so. It ends where the pane of ``t`` begins; a fresh one goes on to ``t`` itself. What
became known after ``t`` never counts, and of windows over known_time nothing that became known after their end.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import BY_EVENT, FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN
from sluiceway.plans.moments_sql import length
from sluiceway.plans.partials import Partial, partials_of


@dataclass(frozen=True, slots=True)
class WindowGroup:
    """Window features of one view that all are fresh, or all are not."""

    view: FeatureView
    features: tuple[Feature, ...]
    is_fresh: bool

    @property
    def by_event(self) -> bool:
        """Whether panes are of event_time."""
        return self.view.windows == BY_EVENT

    @property
    def follows(self) -> bool:
        """Whether features may change at any moment, and not only where a pane begins."""
        return self.is_fresh or self.by_event

    @property
    def time(self) -> str:
        """The column of ``plans.corrections`` that panes are of."""
        return EVENT if self.by_event else KNOWN

    @property
    def every(self) -> int:
        """A pane's length in microseconds."""
        return length(self.view.every)

    @property
    def by_over(self) -> dict[str, list[Feature]]:
        """The features by the length of their window."""
        groups: dict[str, list[Feature]] = {}
        for feature in self.features:
            groups.setdefault(str(feature.over), []).append(feature)
        return groups

    @property
    def longest(self) -> int:
        """The longest window's length in microseconds, what is fresh aside."""
        return max(length(over) for over in self.by_over)

    def partials(self, kinds: Mapping[str, str]) -> dict[str, tuple[Partial, ...]]:
        """Give the partials that each length of window needs."""
        return {over: partials_of(features, kinds) for over, features in self.by_over.items()}

    def upto(self, at: str) -> str:
        """Say in SQL where windows end for a prediction at ``at``, both in microseconds; the end itself is out."""
        return f"({at} + 1)" if self.is_fresh else pane_start(at, self.every)

    def known_before(self, at: str) -> str:
        """Say in SQL before when a fact must be known to count at ``at``, both in microseconds."""
        return f"({at} + 1)" if self.follows else pane_start(at, self.every)


def pane_start(moment: str, every: int) -> str:
    """Round microseconds down to where a pane begins, in SQL and also before 1970."""
    return f"(({moment}) - ((({moment}) % {every}) + {every}) % {every})"


def window_features(view: FeatureView) -> tuple[Feature, ...]:
    """Pick the features that aggregate a window."""
    return tuple(feature for feature in view.features if feature.is_window)


def window_groups(view: FeatureView) -> tuple[WindowGroup, ...]:
    """Tell the groups that a view has: what ends with a pane first, then what is fresh."""
    parted = {fresh: tuple(each for each in window_features(view) if each.fresh == fresh) for fresh in (False, True)}
    return tuple(WindowGroup(view, features, fresh) for fresh, features in parted.items() if features)


def over_column(over: str, partial: str) -> str:
    """Name a partial merged over one window."""
    return f"{over}_{partial}"


def ends_with_panes(view: FeatureView) -> bool:
    """Tell whether a view has windows, and all of them end where a pane begins and see what was known by then."""
    groups = window_groups(view)
    return bool(groups) and not any(group.follows for group in groups)

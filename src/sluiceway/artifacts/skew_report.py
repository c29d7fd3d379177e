"""A skew report: served feature vectors beside those that offline gives for the same requests, feature by feature."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

# What made a served value another than the offline one.
STALE, LATE, CODE, ROUNDED, UNREAD = "stale view", "late event", "code change", "rounding", "nothing was read"
UNEXPLAINED = "unexplained"
CAUSES = (STALE, LATE, CODE, ROUNDED, UNREAD, UNEXPLAINED)


@dataclass(frozen=True, slots=True)
class FeatureSkew:
    """One feature: how many values were ``compared``, and of these how many are as offline has them.

    ``mismatched`` values are there both ways and differ, ``missing`` ones offline has and serving had not, ``extra``
    ones the other way round; ``largest`` is the largest absolute difference of two numbers. ``causes`` counts the
    values that differ by why they do. ``view`` is empty for a feature of the request itself.
    """

    feature: str
    view: str
    compared: int
    equal: int
    mismatched: int
    missing: int
    extra: int
    largest: float | None
    causes: Mapping[str, int]

    @property
    def differing(self) -> int:
        """How many values are not as offline has them."""
        return self.mismatched + self.missing + self.extra


@dataclass(frozen=True, slots=True)
class SkewExample:
    """One value that differs, of which request, and why; ``at`` is the moment (UTC) that it was asked for."""

    feature: str
    request_id: str
    at: datetime
    served: float | str | None
    offline: float | str | None
    cause: str
    detail: str


@dataclass(frozen=True, slots=True)
class SkewReport:
    """What was compared, and what differs.

    ``requests`` rows were answered from ``since`` to ``until`` (UTC, virtual in a rehearsal), of which ``sampled`` were
    compared. ``unchecked`` says of each feature that could not be compared why; ``unknown_versions`` counts rows by
    versions that the registry does not know, ``unread_lines`` those of the log that cannot be read. ``limit`` is the
    share of values that may differ. ``hint`` says what is the matter with all of them, where something is.
    """

    scope: str
    dataset: str
    since: datetime | None
    until: datetime | None
    requests: int
    sampled: int
    features: tuple[FeatureSkew, ...]
    examples: tuple[SkewExample, ...]
    unchecked: Mapping[str, str]
    unknown_versions: Mapping[str, int]
    unread_lines: int
    limit: float
    hint: str = ""

    @property
    def compared(self) -> int:
        """How many values were compared."""
        return sum(each.compared for each in self.features)

    @property
    def differing(self) -> int:
        """How many of them differ."""
        return sum(each.differing for each in self.features)

    @property
    def share(self) -> float | None:
        """Which share of them differs; nothing where none was compared."""
        return self.differing / self.compared if self.compared else None

    @property
    def is_within(self) -> bool:
        """Whether something was compared, and no more of it differs than may."""
        return self.share is not None and self.share <= self.limit

    @property
    def causes(self) -> dict[str, int]:
        """How many values differ for each cause, in the order of the causes."""
        counted = {cause: sum(each.causes.get(cause, 0) for each in self.features) for cause in CAUSES}
        return {cause: count for cause, count in counted.items() if count}

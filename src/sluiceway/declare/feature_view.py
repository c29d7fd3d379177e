"""Feature views: what is known of an entity just before a prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sluiceway.core.digest import digest_of
from sluiceway.core.duration import parse_duration
from sluiceway.declare.feature import Feature
from sluiceway.declare.names import as_tuple, check_all, refuse, require_name, require_tags, require_text
from sluiceway.declare.source import Source, window


@dataclass(frozen=True, slots=True)
class FeatureView:
    """Features of one entity from one source, as known just before each prediction.

    A window feature at prediction time ``t`` covers rows with ``known_time`` in
    ``[floor(t, every) - over, floor(t, every))``, floors taken from the epoch in UTC; ``over`` is a multiple of
    ``every``. A latest feature takes the newest row with ``known_time <= t`` whose ``event_time`` is no further
    back than ``ttl``. The row being predicted never feeds its own features, as its outcome is not known at ``t``.

    Raises:
        DeclarationError: a name, a window or a source that cannot be.
    """

    name: str
    entity: str | tuple[str, ...]
    source: Source
    features: tuple[Feature, ...] | list[Feature]
    every: str = "5m"
    ttl: str | None = None
    owner: str = ""
    description: str = ""
    tags: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", tuple(self.features))
        object.__setattr__(self, "tags", require_tags(f"view {self.name!r}", self.tags))
        for what in ("owner", "description"):
            require_text(f"view {self.name!r}", what, getattr(self, what))
        check_all([partial(require_name, "view", self.name), self._check_time, self._check_names])
        check_all(partial(self._check_feature, feature) for feature in self.features)

    def _check_time(self) -> None:
        if self.source.is_timeless:
            raise refuse(
                f"view {self.name!r} is built on source {self.source.name!r}, which has no event_time: what was known "
                "when cannot be told. Give the source an event_time and, where they differ, a known_time"
            )
        window(self.every, owner=f"view {self.name!r}, every")
        if self.ttl is not None:
            window(self.ttl, owner=f"view {self.name!r}, ttl")

    def _check_names(self) -> None:
        names = [feature.name for feature in self.features]
        if not names or len(set(names)) != len(names):
            raise refuse(f"view {self.name!r} needs at least one feature, and each name once; it has {names}")
        where = f"view {self.name!r}: give the feature another with name=; the feature"
        check_all(partial(require_name, where, name) for name in names)

    def _check_feature(self, feature: Feature) -> None:
        if feature.fresh or feature.where or feature.kind in {"std", "derived"}:
            raise refuse(f"view {self.name!r}, feature {feature.name!r}: this kind is not computed yet; leave it out")
        if feature.over and parse_duration(feature.over) % parse_duration(self.every):
            raise refuse(
                f"view {self.name!r}, feature {feature.name!r}: over={feature.over!r} is not a multiple of "
                f"every={self.every!r}"
            )

    @property
    def entities(self) -> tuple[str, ...]:
        """The columns that say whose features these are, in the view's source and in the label's ``each``."""
        return as_tuple(self.entity)

    @property
    def columns(self) -> tuple[str, ...]:
        """The features' names in a feature table: ``carrier_delay__mean_arr_delay_24h``."""
        return tuple(self.column(feature) for feature in self.features)

    def column(self, feature: Feature) -> str:
        """Name one of the view's features in a feature table."""
        return f"{self.name}__{feature.name}"

    @property
    def digest(self) -> str:
        """Identify the definition, with the sources and SQL behind it, without the words about it and the data."""
        features = [feature.meaning for feature in self.features]
        return digest_of([self.name, self.entities, features, self.every, self.ttl, self.source.meaning])

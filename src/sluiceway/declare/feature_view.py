"""Feature views: what is known of an entity just before a prediction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sluiceway.core.digest import digest_of
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.feature import Feature
from sluiceway.declare.names import as_tuple, check_all, refuse, require_name, require_tags, require_text
from sluiceway.declare.source import Source, window
from sluiceway.declare.written_at import WrittenAt, written_here

BY_KNOWN, BY_EVENT = "known_time", "event_time"


@dataclass(frozen=True, slots=True)
class FeatureView:
    """Features of one entity from one source, as known just before each prediction.

    A window feature at prediction time ``t`` covers rows with ``known_time`` in
    ``[floor(t, every) - over, floor(t, every))``, floors taken from the epoch in UTC; ``over`` is a multiple of
    ``every``. A fresh one goes on to ``t`` itself. With ``windows="event_time"`` windows are of ``event_time``, and of
    the rows in one those with ``known_time <= t`` count; ``lateness`` is how long after its ``event_time`` a row may
    become known before a stream leaves it to batch. A latest feature takes the newest row with ``known_time <= t``
    whose ``event_time`` is no further back than ``ttl``. The row being predicted never feeds its own features, as its
    outcome is not known at ``t``. ``owner``, ``description`` and ``tags`` are for people. ``fresh_within`` is how far
    behind a request the view may be when it is served before stage 7 calls that request stale; it changes no value.

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
    windows: str = BY_KNOWN
    lateness: str | None = None
    tags: Sequence[str] = ()
    fresh_within: str | None = None
    written_at: WrittenAt | None = field(default_factory=written_here, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", self._given_features())
        object.__setattr__(self, "tags", require_tags(f"view {self.name!r}", self.tags))
        for what in ("owner", "description"):
            require_text(f"view {self.name!r}", what, getattr(self, what))
        check_all([partial(require_name, "view", self.name), self._check_time, self._check_names, self._check_derived])
        check_all(partial(self._check_feature, feature) for feature in self.features)

    def _given_features(self) -> tuple[Feature, ...]:
        """Refuse what is no source and what are no features, before anything is asked of them."""
        source, features = (getattr(self, name) for name in ("source", "features"))
        if not isinstance(source, Source):
            raise refuse(f"view {self.name!r}: source must be an sw.Source, got {source!r}")
        given = features if isinstance(features, list | tuple) else (features,)
        for feature in given:
            if not isinstance(feature, Feature):
                raise refuse(f"view {self.name!r}: {feature!r} is no feature; write one such as sw.count(over='1d')")
        return tuple(given)

    def _check_time(self) -> None:
        if self.source.is_timeless:
            raise refuse(
                f"view {self.name!r} is built on source {self.source.name!r}, which has no event_time: what was known "
                "when cannot be told. Give the source an event_time and, where they differ, a known_time"
            )
        window(self.every, owner=f"view {self.name!r}, every")
        if self.ttl is not None:
            window(self.ttl, owner=f"view {self.name!r}, ttl")
        if self.windows not in {BY_KNOWN, BY_EVENT}:
            raise refuse(f"view {self.name!r}: windows={self.windows!r} must be {BY_KNOWN!r} or {BY_EVENT!r}")
        if (self.windows == BY_EVENT) != (self.lateness is not None):
            raise refuse(
                f"view {self.name!r}: windows={BY_EVENT!r} and lateness= (how long after its event_time a fact may "
                "become known, such as '10m') are given together, or not at all"
            )
        if self.lateness is not None:
            window(self.lateness, owner=f"view {self.name!r}, lateness")
        if self.fresh_within is not None:
            self._check_fresh_within(window(self.fresh_within, owner=f"view {self.name!r}, fresh_within"))

    def _check_fresh_within(self, within: str) -> None:
        """Refuse what no server could keep: windows that end with a step are behind by up to a step."""
        ends = any(feature.is_window and not feature.fresh for feature in self.features)
        if ends and parse_duration(within) < parse_duration(self.every):
            raise refuse(
                f"view {self.name!r}: fresh_within={within!r} is shorter than every={self.every!r}, by which its "
                "windows may always be behind; give at least that, or leave it out"
            )

    def _check_names(self) -> None:
        names = [name for feature in self.features for name in feature.names]
        if not names:
            raise refuse(f"view {self.name!r} needs at least one feature, such as sw.count(over='1d')")
        lowered = [name.lower() for name in names]
        twice = sorted({name for name in names if lowered.count(name.lower()) > 1})
        if twice:
            raise refuse(
                f"view {self.name!r} has {', '.join(map(repr, twice))} twice, in whatever letters; give one of them "
                "another with name= (a feature of several numbers has names that end with _0, _1 and so on)"
            )
        if len({name.lower() for name in self.entities}) < len(self.entities):
            raise refuse(f"view {self.name!r}: entity={self.entities} names a column twice")
        where = f"view {self.name!r}: give the feature another with name=; the feature"
        check_all(partial(require_name, where, name) for name in names)

    def _check_derived(self) -> None:
        """Refuse derived features of what the view lacks, or of what is missing once it is too old."""
        known: dict[str, Feature] = {}
        for feature in self.features:
            parsed = feature.computed
            for column in sorted(parsed.columns) if parsed else ():
                self._check_input(feature, column, known)
            known |= dict.fromkeys((name.lower() for name in feature.names), feature)
        if self.features and all(feature.is_derived for feature in self.features):
            raise refuse(f"view {self.name!r} has only derived features; declare what they are derived from")

    def _check_input(self, feature: Feature, column: str, known: Mapping[str, Feature]) -> None:
        where = f"view {self.name!r}, derived feature {feature.name!r}"
        if column.lower() not in known:
            names = [name for each in dict.fromkeys(known.values()) for name in each.names]
            raise refuse(f"{where}: {UnknownNameError('feature before it', column, names)}")
        if self.ttl is not None and self.is_aged(known[column.lower()]):
            raise refuse(
                f"{where} reads {column!r}, which goes missing past the view's ttl={self.ttl!r}; compute it in a "
                "RequestView instead, which sees what is still there at the request"
            )

    def is_aged(self, feature: Feature) -> bool:
        """Tell whether a feature goes missing past the view's ttl."""
        return feature.is_latest and self.ttl is not None

    def _check_feature(self, feature: Feature) -> None:
        if feature.over and parse_duration(feature.over) % parse_duration(self.every):
            raise refuse(
                f"view {self.name!r}, feature {feature.name!r}: over={feature.over!r} is not a multiple of "
                f"every={self.every!r}"
            )

    @property
    def may_be_behind(self) -> timedelta | None:
        """How far behind a request the view may be when it is served; ``None`` where nothing says.

        It is ``fresh_within``; or else what makes values worthless: the shortest of its windows and a step more, after
        which the window that was read and the one that was due share nothing, or the ``ttl`` of its latest values.
        """
        if self.fresh_within is not None:
            return parse_duration(self.fresh_within)
        windows = [parse_duration(str(each.over)) + parse_duration(self.every) for each in self.features if each.over]
        aged = [parse_duration(self.ttl)] if self.ttl and any(map(self.is_aged, self.features)) else []
        return min([*windows, *aged], default=None)

    @property
    def entities(self) -> tuple[str, ...]:
        """The columns that say whose features these are, in the view's source and in the label's ``each``."""
        return as_tuple(self.entity)

    @property
    def columns(self) -> tuple[str, ...]:
        """What the features are called in a feature table: ``carrier_delay__mean_arr_delay_24h``.

        A feature of several numbers has as many, side by side: ``item__latest_embedding_0``.
        """
        return tuple(column for feature in self.features for column in self.columns_of(feature))

    def columns_of(self, feature: Feature) -> tuple[str, ...]:
        """Name one of the view's features in a feature table, in the order of ``feature.names``."""
        return tuple(f"{self.name}__{name}" for name in feature.names)

    def reads(self, feature: Feature) -> frozenset[str]:
        """Name the source's columns that decide a feature, those of the features that it is derived from among them."""
        by_name = {name.lower(): each for each in self.features for name in each.names}
        below = [by_name[name.lower()] for name in feature.computed.columns] if feature.computed else []
        return feature.reads.union(*(self.reads(each) for each in below))

    @property
    def digest(self) -> str:
        """Identify the definition, with the sources and SQL behind it, without the words about it and the data."""
        features = [feature.meaning for feature in self.features]
        meaning = [self.name, self.entities, features, self.every, self.ttl, self.source.meaning]
        by_event = [{"windows": self.windows, "lateness": self.lateness}] if self.windows != BY_KNOWN else []
        return digest_of([*meaning, *by_event])

"""Feature views: what is known of an entity just before a prediction, and what the request itself says."""

from dataclasses import dataclass
from functools import partial

from sluiceway.core.digest import digest_of
from sluiceway.core.duration import parse_duration
from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.declare.names import as_tuple, check_all, refuse, require_name
from sluiceway.declare.source import Source, window

AGGREGATES = ("mean", "count", "sum", "min", "max")


@dataclass(frozen=True, slots=True)
class Feature:
    """One number or text per entity: an aggregate over a window of known time, or the latest value."""

    kind: str
    column: str | None = None
    over: str | None = None
    fresh: bool = False
    given_name: str | None = None

    @property
    def name(self) -> str:
        """The feature's name inside its view: ``mean_arr_delay_24h``, ``latest_temp``, unless it was given one."""
        return self.given_name or "_".join(part for part in (self.kind, self.column, self.over) if part)

    @property
    def is_window(self) -> bool:
        """Whether the feature aggregates a window, rather than taking the latest row."""
        return self.kind in AGGREGATES


def _aggregate(kind: str, column: str | None, over: str, fresh: bool, name: str | None) -> Feature:
    window(over, owner=f"{kind}({column or ''})")
    if fresh:
        raise refuse(f"{kind}({column or ''}, fresh=True): the open pane is not served yet; leave fresh out")
    return Feature(kind, column, over, fresh, require_name("feature", name) if name else None)


def mean(column: str, *, over: str, fresh: bool = False, name: str | None = None) -> Feature:
    """Average a column over what became known in a window; missing when nothing did."""
    return _aggregate("mean", column, over, fresh, name)


def count(column: str | None = None, *, over: str, fresh: bool = False, name: str | None = None) -> Feature:
    """Count what became known in a window: rows, or a column's present values; 0 when nothing did."""
    return _aggregate("count", column, over, fresh, name)


def total(column: str, *, over: str, fresh: bool = False, name: str | None = None) -> Feature:
    """Add up a column over what became known in a window; missing when nothing did."""
    return _aggregate("sum", column, over, fresh, name)


def minimum(column: str, *, over: str, fresh: bool = False, name: str | None = None) -> Feature:
    """Take the least value of a column that became known in a window; missing when nothing did."""
    return _aggregate("min", column, over, fresh, name)


def maximum(column: str, *, over: str, fresh: bool = False, name: str | None = None) -> Feature:
    """Take the greatest value of a column that became known in a window; missing when nothing did."""
    return _aggregate("max", column, over, fresh, name)


def latest(column: str, *, name: str | None = None) -> Feature:
    """Take a column from the newest fact known (by event time, then known time); missing past the view's ttl."""
    return Feature("latest", column, given_name=require_name("feature", name) if name else None)


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", tuple(self.features))
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
        return digest_of([self.name, self.entities, self.features, self.every, self.ttl, self.source.meaning])


class RequestView:
    """Features computed from the request alone, by expressions over the spec's inputs.

    Example:
        ``sw.RequestView(hour="hour(at_zone(scheduled_departure, 'America/New_York'))")``

    Raises:
        DeclarationError: a name or an expression that cannot be.
    """

    __slots__ = ("expressions",)

    def __init__(self, **expressions: str) -> None:
        if not expressions:
            raise refuse('RequestView() needs at least one expression, as in RequestView(hour="hour(departure)")')
        self.expressions: tuple[tuple[str, str], ...] = tuple(expressions.items())
        check_all(
            check
            for name, text in self.expressions
            for check in (partial(require_name, "request feature", name), partial(parse_expression, text))
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the features, which are also their names in a feature table."""
        return tuple(name for name, _ in self.expressions)

    def parsed(self) -> dict[str, Expression]:
        """Each feature's expression."""
        return {name: parse_expression(text) for name, text in self.expressions}

"""Stream plans: which views a source's topic keeps up, and whether they can be kept up from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

from sluiceway.core.digest import digest_of
from sluiceway.core.errors import MisuseError
from sluiceway.declare.expression_kind import column_named
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.source import Source
from sluiceway.declare.stream import Topic
from sluiceway.plans.corrections import fact_columns
from sluiceway.plans.moments_sql import length
from sluiceway.plans.window_groups import window_features, window_groups

DIGITS = 12
SPOOL, SEEDS = "spool", "-seeds/0"


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One topic and the views that are kept up from it. ``kinds`` are those of its source's columns.

    ``place`` is the kind of place that the topic is in: offsets of one mean nothing in another. ``keeper`` names who
    keeps them up where it is no group of workers: what it has learnt is kept apart from theirs.
    """

    source: Source
    topic: Topic
    views: tuple[FeatureView, ...]
    kinds: Mapping[str, str]
    place: str = SPOOL
    keeper: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that some view reads, its times aside."""
        return tuple(sorted({name for view in self.views for name in fact_columns(view)}))

    @property
    def lateness(self) -> int:
        """How long a pane stays open after its end, in microseconds."""
        return length(self.topic.lateness)

    @property
    def parted_by(self) -> tuple[str, ...]:
        """What messages are keyed by, if every view's entity has it: then an entity's rows lie in one partition."""
        keys = self.topic.keys
        return keys if all(set(keys) <= set(view.entities) for view in self.views) else ()

    @property
    def step(self) -> int | None:
        """How far time goes at least before a window ends elsewhere, in microseconds; ``None`` without windows."""
        return gcd(*(length(view.every) for view in self.views if window_features(view))) or None

    @property
    def digest(self) -> str:
        """Identify what is computed, apart from other plans. Columns that nothing reads may change."""
        views = sorted(view.digest for view in self.views)
        place = [] if self.place == SPOOL else [self.place]
        return digest_of([self.topic.meaning, self.source.meaning, views, self._kinds_read, *place])

    @property
    def _kinds_read(self) -> dict[str, str]:
        times = [time for time in (self.source.event_expression, self.source.known_expression) if time is not None]
        of_times = {column_named(name, self.kinds) for time in times for name in time.columns}
        return {name: self.kinds[name] for name in sorted({*self.columns, *of_times}) if name in self.kinds}

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests of the views."""
        return tuple(view.digest for view in self.views)

    def partition(self, number: int) -> str:
        """Name a partition's state."""
        return f"{self.keeper}{self.source.name}/{self.digest[:DIGITS]}/{number}"

    @property
    def seeds(self) -> str:
        """Name the state that no partition has yet."""
        return f"{self.keeper}{self.source.name}/{self.digest[:DIGITS]}{SEEDS}"


def is_seeds(partition: str) -> bool:
    """Whether what is called so are seeds, and no partition."""
    return partition.endswith(SEEDS)


def stream_plan(
    source: Source, views: Sequence[FeatureView], kinds: Mapping[str, str], *, place: str = SPOOL
) -> StreamPlan:
    """Plan a source's stream, of a topic in a kind of place.

    Raises:
        MisuseError: the source has no stream, no view is built on it, or one has windows that cannot be kept up.
    """
    if source.stream is None:
        raise MisuseError(f"source {source.name!r} has no stream; give it one: stream=sw.topic({source.name!r})")
    mine = tuple(view for view in views if view.source.name == source.name)
    if not mine:
        raise MisuseError(
            f"source {source.name!r} has a stream, but no view is built on it; there is nothing to keep up"
        )
    for view in mine:
        _check_windows(view)
    return StreamPlan(source, source.stream, mine, kinds, place)


def _check_windows(view: FeatureView) -> None:
    groups = window_groups(view)
    if any(group.by_event and group.is_fresh for group in groups):
        raise MisuseError(
            f"view {view.name!r} has fresh windows over event_time: rows of the open pane may lie ahead of what was "
            "known, which a stream does not keep apart; leave fresh=True out"
        )
    if len({group.is_fresh for group in groups}) > 1 and view.source.keys:
        raise MisuseError(
            f"view {view.name!r} has fresh windows beside others, and source {view.source.name!r} a key: corrections "
            "count at different times in them, which a stream does not keep apart; make two views of it"
        )


def check_partitions(plan: StreamPlan, count: int) -> None:
    """Refuse views whose entities may be spread over several partitions: each would be counted in parts.

    Raises:
        MisuseError: the topic has several partitions, and is not keyed by columns of each view's entity.
    """
    keys = plan.topic.keys
    for view in plan.views if count > 1 else ():
        if not keys or not set(keys) <= set(view.entities):
            said = f"keyed by {', '.join(keys)}" if keys else "without a declared key"
            raise MisuseError(
                f"topic {plan.topic.name!r} has {count} partitions, {said}, but view {view.name!r} is about "
                f"{', '.join(view.entities)}: an entity's rows must lie in one partition. Key the messages by it and "
                f"say so, sw.topic({plan.topic.name!r}, key={view.entities[0]!r}), or give the topic one partition"
            )

"""The feature reader: what serving needs from stage 4."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

Moments: TypeAlias = int | Sequence[int] | None
Features: TypeAlias = dict[str, float | str | None]


class FeatureRow(NamedTuple):
    """One position's features, and what they were read from.

    ``found`` are the features by column, or what makes them so when they are wanted: that takes longer than reading.
    ``views`` holds, by view, the first 12 digits of the definition's digest, when the value was written and up to when
    everything known is in it (microseconds since the epoch); ``None`` where the entity is unknown. ``lacking`` says why
    nothing could be read, where features are missing for that reason.
    """

    found: Features | Callable[[], Features]
    views: dict[str, tuple[str, int, int] | None]
    lacking: str = ""

    @property
    def features(self) -> Features:
        """The features by column, made anew each time where they are not a dict yet."""
        return self.found if isinstance(self.found, dict) else self.found()


class FeatureReader(Protocol):
    """Reads the newest features of entities. Safe to share between threads."""

    def read(self, entities: Mapping[str, Sequence[object]], *, now_us: Moments = None) -> list[FeatureRow]:
        """Return a row per position; ``entities`` maps entity columns to values of equal length.

        A feature is ``None`` when its entity is unknown or its value is older than the view's ttl, which counts from
        ``now_us`` (microseconds since the epoch; one for all, or one for each position), or where that is ``None``,
        from the present.
        """

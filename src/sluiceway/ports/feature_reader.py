"""The feature reader: what serving needs from stage 4."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class FeatureReader(Protocol):
    """Reads the newest features of entities. Safe to share between threads."""

    def read(self, entities: Mapping[str, Sequence[object]]) -> list[dict[str, float | str | None]]:
        """Return one dict of feature columns per position; ``entities`` maps entity columns to values of equal length.

        A feature is ``None`` when its entity is unknown or its value is older than the view's ttl.
        """

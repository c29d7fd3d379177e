"""Profiles: how full each feature is, what its values are like, and how fresh its view was when it was made."""

from dataclasses import dataclass
from datetime import datetime

Example = float | str


@dataclass(frozen=True, slots=True)
class FeatureProfile:
    """One feature: shares from 0 to 1, ``None`` where there was nothing to take them of.

    ``trained`` is the share of the training rows that have a value, ``online`` that of the entities in the store;
    features of the request are in no store. ``examples`` are of the training rows: of numbers the least, the middle and
    the greatest, of texts the most common; none of a sensitive feature.
    """

    trained: float | None
    online: float | None
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewFreshness:
    """How much a view knew: the newest fact's times by its source, and the moment up to which it knew everything (UTC).

    ``entities`` are those in the store, ``asked`` is the share (0 to 1) of the training rows that have any value of it.
    """

    entities: int
    asked: float | None
    newest_event: datetime | None
    newest_known: datetime | None
    known_through: datetime

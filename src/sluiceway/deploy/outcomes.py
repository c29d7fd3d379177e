"""Outcomes: what came of the requests, and from when on it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.feature_set import AT, LABEL, LABEL_KNOWN
from sluiceway.plans.moments_sql import MICROSECOND
from sluiceway.plans.request_log import INPUT, KEY

if TYPE_CHECKING:
    import pyarrow as pa

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A table of the label's ``key``, ``_at``, ``_label`` and ``_label_known_time``.

    An outcome counts from ``matures`` after its prediction on, and not before it is known.
    """

    table: "pa.Table"
    key: tuple[str, ...]
    matures: timedelta


class Found(NamedTuple):
    """Rows of a log that have an outcome: their places, 0 or 1, and from when on it counts (microseconds)."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    mature_us: NDArray[np.int64]


class OutcomeIndex:
    """Finds the outcome of logged requests by the label's key."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._key = outcomes.key
        labels = outcomes.table[LABEL].to_pylist()
        keys = _keys(outcomes.table, outcomes.key)
        self._places = {
            key: place for place, (key, label) in enumerate(zip(keys, labels, strict=True)) if label is not None
        }
        self._labels = np.array([-1 if label is None else int(label) for label in labels], dtype=np.int64)
        self._mature_us = _mature_us(outcomes)

    def find(self, rows: "pa.Table") -> Found:
        """Find the rows of a log that have an outcome; none where callers did not give the key."""
        names = [name for key in self._key for name in (KEY + key, INPUT + key) if name in rows.column_names]
        if len(names) != len(self._key):
            return Found(*(np.empty(0, np.int64) for _ in range(3)))
        places = np.array([self._places.get(key, -1) for key in _keys(rows, names)], dtype=np.int64)
        found = np.flatnonzero(places >= 0)
        return Found(found, self._labels[places[found]], self._mature_us[places[found]])


def _keys(table: "pa.Table", names: Sequence[str]) -> list[Any]:
    columns = [table[name].to_pylist() for name in names]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def _mature_us(outcomes: Outcomes) -> NDArray[np.int64]:
    """The moment from which each outcome counts; never, where it is not known or was not predicted."""
    at, known = (_moments(outcomes.table, name) for name in (AT, LABEL_KNOWN))
    due = np.where(at == NEVER, NEVER, at + outcomes.matures // MICROSECOND)
    return np.maximum(due, known)


def _moments(table: "pa.Table", name: str) -> NDArray[np.int64]:
    import pyarrow as pa

    column = table[name].cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    return np.asarray(column.fill_null(NEVER).to_numpy(), dtype=np.int64)

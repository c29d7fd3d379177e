"""The online reader: the newest features of entities, all views in one read of the store."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat

from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.plans.packed_value import RAISED, TOLD, features_reader, pack_keys
from sluiceway.ports.feature_reader import FeatureRow, Moments
from sluiceway.ports.online_store import OnlineStore

__all__ = ["FeatureRow", "OnlineReader"]

DIGITS = 12
told = TOLD.unpack_from  # event_time, known_through and written, raised


class OnlineReader:
    """Reads views from an online store. Safe to share between threads.

    ``now_us`` tells the moment against which a view's ttl counts, in microseconds since the epoch: the present when
    serving, the cutoff when comparing. A call may name another, as a rehearsal does for every request.
    """

    def __init__(self, views: Sequence[ServedView], store: OnlineStore, *, now_us: Callable[[], int]) -> None:
        self._entities = tuple(dict.fromkeys(view.entities for view in views))
        self._asked = tuple((view.digest, self._entities.index(view.entities)) for view in views)
        self._views = tuple((view.name, view.digest[:DIGITS], view.aged) for view in views)
        self._features = features_reader([view.columns for view in views])
        self._ttls_us = tuple(view.ttl_us for view in views)
        self._ages = any(ttl_us is not None for ttl_us in self._ttls_us)
        self._store = store
        self._now_us = now_us

    def read(self, entities: Mapping[str, Sequence[object]], *, now_us: Moments = None) -> list[FeatureRow]:
        """Return a row per position; ``entities`` maps entity columns to values of equal length.

        A feature is ``None`` when its entity is unknown or its value is older than the view's ttl.

        Raises:
            KeyError: an entity column is not among ``entities``.
            ValueError: the views' entity columns differ in length, or there are not as many moments.
        """
        if not self._asked:
            return [FeatureRow({}, {}) for _ in next(iter(entities.values()), ())]
        if len(self._asked) == 1:
            return self._rows_of_one(entities, now_us)
        keys = [pack_keys([entities[name] for name in names]) for names in self._entities]
        found = self._store.read_many([(digest, keys[place]) for digest, place in self._asked])
        if now_us is None:
            now_us = self._now_us() if self._ages else 0
        oldest = repeat(self._oldest(now_us), len(keys[0])) if isinstance(now_us, int) else map(self._oldest, now_us)
        return [self._row(values, bounds) for values, bounds in zip(zip(*found, strict=True), oldest, strict=True)]

    def _rows_of_one(self, entities: Mapping[str, Sequence[object]], now_us: Moments) -> list[FeatureRow]:
        """Read the rows of one view as ``_row`` makes them of several, with less to do for each."""
        ((name, digits, aged),), (names,), features_of, rows = self._views, self._entities, self._features, []
        keys = pack_keys(list(map(entities.__getitem__, names)))
        found = self._store.read_many(((self._asked[0][0], keys),))[0]
        for value, bound in zip(found, self._bounds(self._ttls_us[0], now_us, len(keys)), strict=True):
            features = features_of((value,))
            if value is None:
                rows.append(FeatureRow(features, {name: None}))
                continue
            event, through, written = told(value)
            if event < bound:
                _leave_out(features, aged)
            rows.append(FeatureRow(features, {name: (digits, written - RAISED, through - RAISED)}))
        return rows

    def _row(self, values: Sequence[bytes | None], oldest: Sequence[int]) -> FeatureRow:
        features = self._features(values)
        views: dict[str, tuple[str, int, int] | None] = {}
        for (name, digits, aged), value, bound in zip(self._views, values, oldest):  # noqa: B905 - strict costs a tenth
            if value is None:
                views[name] = None
                continue
            event, through, written = told(value)
            if event < bound:
                _leave_out(features, aged)
            views[name] = (digits, written - RAISED, through - RAISED)
        return FeatureRow(features, views)

    def _oldest(self, moment: int) -> Sequence[int]:
        """Return for each view the event_time, raised as in values, below which one is too old; none is below 0."""
        return [0 if ttl_us is None else moment - ttl_us + RAISED for ttl_us in self._ttls_us]

    def _bounds(self, ttl_us: int | None, now_us: Moments, count: int) -> Iterable[int]:
        """Return for each position what ``_oldest`` does of one view."""
        if ttl_us is None:
            return repeat(0, count)
        if now_us is None:
            now_us = self._now_us()
        if isinstance(now_us, int):
            return repeat(now_us - ttl_us + RAISED, count)
        return [moment - ttl_us + RAISED for moment in now_us]


def _leave_out(features: object, aged: Iterable[str]) -> None:
    for name in aged:
        setattr(features, name, None)

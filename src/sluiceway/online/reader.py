"""The online reader: the newest features of entities, all views in one read of the store."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat

from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.plans.packed_value import features_reader, oldest_bytes, pack_keys, written_and_through
from sluiceway.ports.feature_reader import FeatureRow, Moments
from sluiceway.ports.online_store import OnlineStore

__all__ = ["FeatureRow", "OnlineReader"]

DIGITS = 12


class OnlineReader:
    """Reads views from an online store. Safe to share between threads.

    ``now_us`` tells the moment against which a view's ttl counts, in microseconds since the epoch: the present when
    serving, the cutoff when comparing. A call may name another, as a rehearsal does for every request.
    """

    def __init__(self, views: Sequence[ServedView], store: OnlineStore, *, now_us: Callable[[], int]) -> None:
        self._entities = tuple(dict.fromkeys(view.entities for view in views))
        self._asked = tuple((view.digest, self._entities.index(view.entities)) for view in views)
        self._views = tuple((view.name, view.digest[:DIGITS], dict.fromkeys(view.aged)) for view in views)
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
        keys = [pack_keys([entities[name] for name in names]) for names in self._entities]
        found = self._store.read_many([(digest, keys[place]) for digest, place in self._asked])
        if now_us is None:
            now_us = self._now_us() if self._ages else 0
        oldest = repeat(self._oldest(now_us), len(keys[0])) if isinstance(now_us, int) else map(self._oldest, now_us)
        if len(found) == 1:
            return self._rows(found[0], oldest)
        return [self._row(values, bounds) for values, bounds in zip(zip(*found, strict=True), oldest, strict=True)]

    def _rows(self, values: Sequence[bytes | None], oldest: Iterable[Sequence[bytes]]) -> list[FeatureRow]:
        """Make the rows of one view as ``_row`` does of several, with less to do for each."""
        ((name, digits, aged),), features_of, rows = self._views, self._features, list[FeatureRow]()
        for value, (bound,) in zip(values, oldest, strict=True):
            features = features_of((value,))
            if value is None:
                rows.append(FeatureRow(features, {name: None}))
                continue
            if value < bound:
                features.update(aged)
            written, through = written_and_through(value)
            rows.append(FeatureRow(features, {name: (digits, written, through)}))
        return rows

    def _row(self, values: Sequence[bytes | None], oldest: Sequence[bytes]) -> FeatureRow:
        features = self._features(values)
        views: dict[str, tuple[str, int, int] | None] = {}
        for (name, digits, aged), value, bound in zip(self._views, values, oldest):  # noqa: B905 - strict costs a tenth
            if value is None:
                views[name] = None
                continue
            if value < bound:
                features.update(aged)
            written, through = written_and_through(value)
            views[name] = (digits, written, through)
        return FeatureRow(features, views)

    def _oldest(self, moment: int) -> list[bytes]:
        """Return for each view the bytes below which a value is too old; none is below the empty ones."""
        return [b"" if ttl_us is None else oldest_bytes(moment - ttl_us) for ttl_us in self._ttls_us]

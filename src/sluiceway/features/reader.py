"""The online reader: the newest features of entities, one read of the store per view."""

from collections.abc import Callable, Mapping, Sequence

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import FeatureValue, features_reader, oldest_bytes, pack_key
from sluiceway.ports.online_store import OnlineStore

Row = dict[str, FeatureValue]


class _ViewReader:
    """Reads one view; all that its declaration decides is worked out once."""

    __slots__ = ("_aged", "_digest", "_entities", "_features", "_nothing", "_ttl")

    def __init__(self, view: FeatureView) -> None:
        self._digest = view.digest
        self._entities = view.entities
        self._features = features_reader(view.columns)
        self._nothing: Row = dict.fromkeys(view.columns)
        self._aged: Row = dict.fromkeys(view.column(feature) for feature in view.features if not feature.is_window)
        self._ttl = length(view.ttl) if view.ttl and self._aged else None

    def read(
        self, entities: Mapping[str, Sequence[object]], store: OnlineStore, now_us: Callable[[], int]
    ) -> list[Row]:
        names = self._entities
        if len(names) > 1:
            keys = [pack_key(entity) for entity in zip(*[entities[name] for name in names], strict=True)]
        else:
            keys = [pack_key((value,)) for value in entities[names[0]]]
        oldest = b"" if self._ttl is None else oldest_bytes(now_us() - self._ttl)
        rows = []
        for value in store.read(self._digest, keys):
            if value is None:
                row = self._nothing.copy()
            else:
                row = self._features(value)
                if value < oldest:
                    row.update(self._aged)
            rows.append(row)
        return rows


class OnlineReader:
    """Reads views from an online store. Safe to share between threads.

    ``now_us`` tells the moment against which a view's ttl counts, in microseconds since the epoch: the present when
    serving, the cutoff when comparing.
    """

    def __init__(self, views: Sequence[FeatureView], store: OnlineStore, *, now_us: Callable[[], int]) -> None:
        self._views = tuple(_ViewReader(view) for view in views)
        self._store = store
        self._now_us = now_us

    def read(self, entities: Mapping[str, Sequence[object]]) -> list[Row]:
        """Return one dict of feature columns per position; ``entities`` maps entity columns to values of equal length.

        A feature is ``None`` when its entity is unknown or its value is older than the view's ttl.

        Raises:
            KeyError: an entity column is not among ``entities``.
            ValueError: the entity columns differ in length.
        """
        if len(self._views) == 1:
            return self._views[0].read(entities, self._store, self._now_us)
        rows: list[Row] = [{} for _ in next(iter(entities.values()), ())]
        for view in self._views:
            for row, features in zip(rows, view.read(entities, self._store, self._now_us), strict=True):
                row.update(features)
        return rows

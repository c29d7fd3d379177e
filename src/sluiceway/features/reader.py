"""The online reader: the newest features of entities, one read of the store per view."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.moments_sql import length, microseconds
from sluiceway.plans.packed_value import FeatureValue, event_time_of, pack_key, unpack_features
from sluiceway.ports.online_store import OnlineStore


class _Slots:
    """How to read one view: its namespace, its entity columns, its features' names, and those that grow too old."""

    __slots__ = ("aged", "digest", "entities", "names", "ttl")

    def __init__(self, view: FeatureView) -> None:
        self.digest = view.digest
        self.entities = view.entities
        self.names = view.columns
        self.ttl = length(view.ttl) if view.ttl else None
        ageing = [view.column(feature) for feature in view.features if not feature.is_window]
        self.aged: dict[str, FeatureValue] = dict.fromkeys(ageing)


class OnlineReader:
    """Reads views from an online store. Safe to share between threads.

    ``now`` tells the moment against which a view's ttl counts: the present when serving, the cutoff when comparing.
    """

    def __init__(self, views: Sequence[FeatureView], store: OnlineStore, *, now: Callable[[], datetime]) -> None:
        self._views = tuple(_Slots(view) for view in views)
        self._nothing: dict[str, FeatureValue] = dict.fromkeys(name for view in views for name in view.columns)
        self._store = store
        self._now = now
        self._may_age = any(view.ttl is not None and view.aged for view in self._views)

    def read(self, entities: Mapping[str, Sequence[object]]) -> list[dict[str, FeatureValue]]:
        """Return one dict of feature columns per position; ``entities`` maps entity columns to values of equal length.

        A feature is ``None`` when its entity is unknown or its value is older than the view's ttl.

        Raises:
            KeyError: an entity column is not among ``entities``.
            ValueError: the entity columns differ in length.
        """
        count = len(next(iter(entities.values()), ()))
        rows = [self._nothing.copy() for _ in range(count)]
        now = microseconds(self._now()) if self._may_age else 0
        for view in self._views:
            columns = [entities[name] for name in view.entities]
            keys = [pack_key(entity) for entity in zip(*columns, strict=True)]
            for row, data in zip(rows, self._store.read(view.digest, keys), strict=True):
                if data is not None:
                    row.update(zip(view.names, unpack_features(data), strict=True))
                    if view.ttl is not None and now - event_time_of(data) > view.ttl:
                        row.update(view.aged)
        return rows

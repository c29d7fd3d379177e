"""The online reader: the newest features of entities, one read of the store per view."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.moments_sql import length, microseconds
from sluiceway.plans.packed_value import FeatureValue, pack_key, unpack_value
from sluiceway.ports.online_store import OnlineStore


class _Slots:
    """How to read one view: its namespace, its entity columns, its features' names, and those that grow too old."""

    __slots__ = ("ageing", "digest", "entities", "names", "nothing", "ttl")

    def __init__(self, view: FeatureView) -> None:
        self.digest = view.digest
        self.entities = view.entities
        self.names = view.columns
        self.nothing: dict[str, FeatureValue] = dict.fromkeys(view.columns)
        self.ttl = length(view.ttl) if view.ttl else None
        self.ageing = tuple(view.column(feature) for feature in view.features if not feature.is_window)


class OnlineReader:
    """Reads views from an online store. Safe to share between threads.

    ``now`` tells the moment against which a view's ttl counts: the present when serving, the cutoff when comparing.
    """

    def __init__(self, views: Sequence[FeatureView], store: OnlineStore, *, now: Callable[[], datetime]) -> None:
        self._views = tuple(_Slots(view) for view in views)
        self._store = store
        self._now = now
        self._may_age = any(view.ttl is not None and view.ageing for view in self._views)

    def read(self, entities: Mapping[str, Sequence[object]]) -> list[dict[str, FeatureValue]]:
        """Return one dict of feature columns per position; ``entities`` maps entity columns to values of equal length.

        A feature is ``None`` when its entity is unknown or its value is older than the view's ttl.

        Raises:
            KeyError: an entity column is not among ``entities``.
            ValueError: the entity columns differ in length.
        """
        count = len(next(iter(entities.values()), ()))
        rows: list[dict[str, FeatureValue]] = [{} for _ in range(count)]
        now = microseconds(self._now()) if self._may_age else 0
        for view in self._views:
            columns = [entities[name] for name in view.entities]
            keys = [pack_key(entity) for entity in zip(*columns, strict=True)]
            for row, data in zip(rows, self._store.read(view.digest, keys), strict=True):
                row.update(view.nothing if data is None else _features(view, data, now))
        return rows


def _features(view: _Slots, data: bytes, now: int) -> dict[str, FeatureValue]:
    value = unpack_value(data)
    found = dict(zip(view.names, value.features, strict=True))
    if view.ttl is not None and now - value.event_time > view.ttl:
        found.update(dict.fromkeys(view.ageing))
    return found

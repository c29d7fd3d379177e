"""The online reader: the newest features of entities, one read of the store per view."""

from collections.abc import Callable, Mapping, Sequence

from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.plans.packed_value import FeatureValue, features_reader, oldest_bytes, pack_key, written_and_through
from sluiceway.ports.feature_reader import FeatureRow
from sluiceway.ports.online_store import OnlineStore

__all__ = ["FeatureRow", "OnlineReader"]

DIGITS = 12


class _ViewReader:
    """Reads one view; all that its definition decides is worked out once."""

    __slots__ = ("_aged", "_digest", "_entities", "_features", "_name", "_nothing", "_short", "_store", "_ttl_us")

    def __init__(self, view: ServedView, store: OnlineStore) -> None:
        self._name = view.name
        self._digest = view.digest
        self._short = view.digest[:DIGITS]
        self._entities = view.entities
        self._features = features_reader(view.columns)
        self._nothing: dict[str, FeatureValue] = dict.fromkeys(view.columns)
        self._aged: dict[str, FeatureValue] = dict.fromkeys(view.aged)
        self._ttl_us = view.ttl_us
        self._store = store

    @property
    def ages(self) -> bool:
        """Whether what is read depends on the moment."""
        return self._ttl_us is not None

    def fill(self, rows: Sequence[FeatureRow], entities: Mapping[str, Sequence[object]], now_us: int) -> None:
        """Add this view's features, and what they were read from, to each row."""
        name, short, columns_of = self._name, self._short, self._features
        oldest = b"" if self._ttl_us is None else oldest_bytes(now_us - self._ttl_us)
        for (features, views), value in zip(rows, self._values(entities), strict=True):
            if value is None:
                features.update(self._nothing)
                views[name] = None
            else:
                features.update(columns_of(value))
                if value < oldest:
                    features.update(self._aged)
                views[name] = (short, *written_and_through(value))

    def _values(self, entities: Mapping[str, Sequence[object]]) -> list[bytes | None]:
        names = self._entities
        if len(names) > 1:
            keys = [pack_key(entity) for entity in zip(*[entities[name] for name in names], strict=True)]
        else:
            keys = [pack_key((value,)) for value in entities[names[0]]]
        return self._store.read(self._digest, keys)


class OnlineReader:
    """Reads views from an online store. Safe to share between threads.

    ``now_us`` tells the moment against which a view's ttl counts, in microseconds since the epoch: the present when
    serving, the cutoff when comparing. A call may name another, as a rehearsal does for every request.
    """

    def __init__(self, views: Sequence[ServedView], store: OnlineStore, *, now_us: Callable[[], int]) -> None:
        self._views = tuple(_ViewReader(view, store) for view in views)
        self._ages = any(view.ages for view in self._views)
        self._now_us = now_us

    def read(self, entities: Mapping[str, Sequence[object]], *, now_us: int | None = None) -> list[FeatureRow]:
        """Return a row per position; ``entities`` maps entity columns to values of equal length.

        A feature is ``None`` when its entity is unknown or its value is older than the view's ttl.

        Raises:
            KeyError: an entity column is not among ``entities``.
            ValueError: the entity columns differ in length.
        """
        moment = now_us if now_us is not None else self._now_us() if self._ages else 0
        rows = [FeatureRow({}, {}) for _ in next(iter(entities.values()), ())]
        for view in self._views:
            view.fill(rows, entities, moment)
        return rows

"""The online reader: the newest features of entities, all views in one read of the store."""

from collections.abc import Callable, Mapping, Sequence

from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.plans.packed_value import FeatureValue, features_reader, oldest_bytes, pack_key, written_and_through
from sluiceway.ports.feature_reader import FeatureRow, Moments
from sluiceway.ports.online_store import OnlineStore

__all__ = ["FeatureRow", "OnlineReader"]

DIGITS = 12


class _ViewReader:
    """Reads one view; all that its definition decides is worked out once."""

    __slots__ = ("_aged", "_features", "_name", "_nothing", "_short", "_ttl_us", "digest", "entities")

    def __init__(self, view: ServedView) -> None:
        self.digest = view.digest
        self.entities = view.entities
        self._name = view.name
        self._short = view.digest[:DIGITS]
        self._features = features_reader(view.columns)
        self._nothing: dict[str, FeatureValue] = dict.fromkeys(view.columns)
        self._aged: dict[str, FeatureValue] = dict.fromkeys(view.aged)
        self._ttl_us = view.ttl_us

    @property
    def ages(self) -> bool:
        """Whether what is read depends on the moment."""
        return self._ttl_us is not None

    def fill(self, rows: Sequence[FeatureRow], values: Sequence[bytes | None], moments: Sequence[int]) -> None:
        """Add this view's features, and what they were read from, to each row."""
        name, short, columns_of = self._name, self._short, self._features
        for (features, views, _), value, oldest in zip(rows, values, self._oldest(moments), strict=True):
            if value is None:
                features.update(self._nothing)
                views[name] = None
            else:
                features.update(columns_of(value))
                if value < oldest:
                    features.update(self._aged)
                views[name] = (short, *written_and_through(value))

    def _oldest(self, moments: Sequence[int]) -> list[bytes]:
        """Return for each position the bytes below which a value is too old; none is below the empty ones."""
        ttl_us = self._ttl_us
        if ttl_us is None:
            return [b""] * len(moments)
        if len(set(moments)) == 1:
            return [oldest_bytes(moments[0] - ttl_us)] * len(moments)
        return [oldest_bytes(moment - ttl_us) for moment in moments]


class OnlineReader:
    """Reads views from an online store. Safe to share between threads.

    ``now_us`` tells the moment against which a view's ttl counts, in microseconds since the epoch: the present when
    serving, the cutoff when comparing. A call may name another, as a rehearsal does for every request.
    """

    def __init__(self, views: Sequence[ServedView], store: OnlineStore, *, now_us: Callable[[], int]) -> None:
        self._views = tuple(_ViewReader(view) for view in views)
        self._entities = tuple({view.entities for view in views})
        self._store = store
        self._ages = any(view.ages for view in self._views)
        self._now_us = now_us

    def read(self, entities: Mapping[str, Sequence[object]], *, now_us: Moments = None) -> list[FeatureRow]:
        """Return a row per position; ``entities`` maps entity columns to values of equal length.

        A feature is ``None`` when its entity is unknown or its value is older than the view's ttl.

        Raises:
            KeyError: an entity column is not among ``entities``.
            ValueError: the entity columns differ in length.
        """
        rows = [FeatureRow({}, {}) for _ in next(iter(entities.values()), ())]
        if now_us is None:
            now_us = self._now_us() if self._ages else 0
        moments = [now_us] * len(rows) if isinstance(now_us, int) else now_us
        keys = {names: _keys(names, entities) for names in self._entities}
        found = self._store.read_many([(view.digest, keys[view.entities]) for view in self._views])
        for view, values in zip(self._views, found, strict=True):
            view.fill(rows, values, moments)
        return rows


def _keys(names: Sequence[str], entities: Mapping[str, Sequence[object]]) -> list[bytes]:
    """Pack the keys of all views that have these entities, once."""
    if len(names) > 1:
        return [pack_key(entity) for entity in zip(*[entities[name] for name in names], strict=True)]
    return [pack_key((value,)) for value in entities[names[0]]]

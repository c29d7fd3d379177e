"""Fact names: what rows are about, and whose they are: equal names are versions of one fact."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter

import polars as pl

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, identity
from sluiceway.plans.packed_value import pack_key, pack_keys
from sluiceway.streams.decoding import OFFSET
from sluiceway.streams.fact_order import Fact

NOBODY = b""
NAMELESS = b"\x00"  # before an offset: no MessagePack array begins so
Named = tuple[bytes, bytes, Fact]


class FactNames:
    """Names facts and entities of one view, by its source's key. A fact that lacks a key is one of its own."""

    def __init__(self, view: FeatureView) -> None:
        self._columns = fact_columns(view)
        self._keys, self._entities = list(view.source.keys), list(view.entities)
        self._is_series = EVENT in identity(view.source.keys, view.entities)
        self._key, self._entity = _picker(self._columns, self._keys), _picker(self._columns, self._entities)

    def entity(self, fact: Fact) -> bytes:
        """Return whose fact it is, as a packed key; ``NOBODY`` where an entity column is missing."""
        found = self._entity(fact.values)
        return NOBODY if None in found else pack_key(found)

    def name(self, fact: Fact, offset: int) -> bytes:
        """Name what a row is about."""
        key = self._key(fact.values)
        if None in key:
            return NAMELESS + offset.to_bytes(8)
        return pack_key((*key, fact.event)) if self._is_series else pack_key(key)

    def of_rows(self, rows: pl.DataFrame) -> Iterator[Named]:
        """Give rows in order as facts, each with its name before it, and whose it is."""
        events, knowns = (rows.get_column(name).to_list() for name in (EVENT, KNOWN))
        values = {name: rows.get_column(name).to_list() for name in self._columns}
        facts = list(map(Fact, events, knowns, zip(*values.values(), strict=True)))
        keys = [values[name] for name in self._keys]
        if self._lack(rows, self._keys):
            names: Iterable[bytes] = map(self.name, facts, rows.get_column(OFFSET))
        else:
            names = pack_keys([*keys, events] if self._is_series else keys)
        if self._lack(rows, self._entities):
            entities: Iterable[bytes] = map(self.entity, facts)
        else:
            entities = pack_keys([values[name] for name in self._entities])
        return zip(names, entities, facts, strict=True)

    def _lack(self, rows: pl.DataFrame, names: Sequence[str]) -> bool:
        return any(rows.get_column(name).null_count() for name in names)


def _picker(columns: Sequence[str], wanted: Sequence[str]) -> Callable[[Sequence[object]], tuple[object, ...]]:
    places = [columns.index(name) for name in wanted]
    if len(places) == 1:
        only = places[0]
        return lambda values: (values[only],)
    return itemgetter(*places)

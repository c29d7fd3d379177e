"""Taught facts: what batch knows of facts with versions, and a stream that keeps them lacks.

Rows with a key are taught by the name of their fact, so that learning one again changes nothing. Rows that lack a key
correct nothing, and each is a fact: of those that are alike, the stream learns as many as it has too few.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

import msgspec
import polars as pl

from sluiceway.declare.feature_view import BY_EVENT, FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, identity
from sluiceway.plans.list_columns import sort_key
from sluiceway.streams.fact_names import NAMELESS
from sluiceway.streams.fact_order import Fact
from sluiceway.streams.fact_versions import FactVersions

Taught = tuple[bytes, Fact, bool]  # a name, the fact, and whether it may count in windows
HASH_BYTES, NUMBER_BYTES = 16, 4  # so that no name is one that an offset made


class TaughtFacts:
    """Finds what one view's stream lacks of the rows that batch has."""

    def __init__(self, view: FeatureView, versions: FactVersions, *, every: int) -> None:
        self._versions, self._every = versions, every
        self._keys, self._entities = list(view.source.keys), list(view.entities)
        self._identity = list(identity(view.source.keys, view.entities))
        self._columns = fact_columns(view)
        self._oldest: int | None = None
        self._expired: int | None = None
        self._time = EVENT if view.windows == BY_EVENT else KNOWN

    def lacking(self, rows: pl.DataFrame, *, oldest: int | None, expired: int | None) -> Iterator[Taught]:
        """Give the facts to learn, of each the last version.

        Args:
            rows: What batch has, all of it closed.
            oldest: The oldest pane that a window reaches; ``None`` in a view without windows.
            expired: The pane before whose begin an event_time is past its ttl; ``None`` where none ever is.
        """
        self._oldest, self._expired = oldest, expired
        whole = pl.all_horizontal(pl.col(name).is_not_null() for name in self._keys)
        yield from self._named(rows.filter(whole))
        nobody = pl.any_horizontal(pl.col(name).is_null() for name in self._entities)
        yield from self._nameless(rows.filter(~whole & ~nobody))

    def _named(self, rows: pl.DataFrame) -> Iterator[Taught]:
        order = [sort_key(name, rows.schema[name]) for name in (KNOWN, EVENT, *self._columns)]
        last = rows.sort(order, nulls_last=False).unique(self._identity, keep="last", maintain_order=True)
        for fact, counts, lasts in self._facts(last):
            name = self._versions.names.name(fact, 0)
            if counts or lasts or self._versions.has(name):
                yield name, fact, counts or self._versions.counted(name) is not None

    def _nameless(self, rows: pl.DataFrame) -> Iterator[Taught]:
        held = Counter(map(_written, self._versions.nameless()))
        seen: Counter[bytes] = Counter()
        for fact, counts, lasts in self._facts(rows):
            data = _written(fact)
            seen[data] += 1
            if seen[data] > held[data] and (counts or lasts):
                number = (seen[data] - 1).to_bytes(NUMBER_BYTES)
                yield NAMELESS + sha256(data).digest()[:HASH_BYTES] + number, fact, counts

    def _facts(self, rows: pl.DataFrame) -> Iterator[tuple[Fact, bool, bool]]:
        """Give rows as facts, each with whether a window reaches it, and whether it may be an entity's newest."""
        counting = [] if self._oldest is None else [pl.col(self._time) >= self._oldest * self._every]
        lasting = []
        if self._versions.is_latest:
            lasting = [pl.lit(True) if self._expired is None else pl.col(EVENT) >= self._expired * self._every]
        marks = [pl.any_horizontal(pl.lit(False), *each) for each in (counting, lasting)]
        replacing = pl.col(KNOWN) >= self._versions.least_known(sys.maxsize)
        rows = rows.select(EVENT, KNOWN, *self._columns, marks[0].alias("_counts"), marks[1].alias("_lasts"))
        rows = rows.filter(pl.col("_counts") | pl.col("_lasts") | replacing)
        for event, known, *values, counts, lasts in rows.iter_rows():
            yield Fact(event, known, tuple(values)), counts, lasts


def _written(fact: Fact) -> bytes:
    return msgspec.msgpack.encode(fact)

"""Newest facts: the newest of each entity, which latest features are read off, and whose it became or ceased to be."""

from collections.abc import Sequence

import polars as pl

from sluiceway.plans.corrections import EVENT, KNOWN
from sluiceway.plans.list_columns import sort_key
from sluiceway.plans.packed_value import pack_key
from sluiceway.streams.fact_names import NOBODY
from sluiceway.streams.fact_order import Fact, is_newer
from sluiceway.streams.fact_versions import FactVersions


class NewestFacts:
    """The newest fact by entity, and since ``settle`` who has another, and whose became an older one."""

    def __init__(self, entities: Sequence[str], columns: Sequence[str]) -> None:
        self._names, self._columns = list(entities), columns
        self._newest: dict[bytes, Fact] = {}
        self.changed: set[bytes] = set()
        self.back: set[bytes] = set()

    def get(self, entity: bytes) -> Fact | None:
        """Return an entity's newest fact."""
        return self._newest.get(entity)

    def restore(self, entity: bytes, fact: Fact) -> None:
        """Take back a fact as it was stored."""
        self._newest[entity] = fact

    def hear(self, rows: pl.DataFrame) -> None:
        """Learn rows of which none replaces another."""
        order = [EVENT, KNOWN, *self._columns]
        by = [sort_key(name, rows.schema[name]) for name in order]
        heard = rows.drop_nulls(self._names).sort(by, nulls_last=False)
        for event, known, *values in heard.unique(self._names, keep="last").select(order).iter_rows():
            key = pack_key([values[self._columns.index(name)] for name in self._names])
            self.renew(key, Fact(event, known, tuple(values)))

    def renew(self, entity: bytes, fact: Fact) -> None:
        """Let a fact be an entity's newest, if it is."""
        before = self._newest.get(entity)
        if before is None or is_newer(fact, before):
            self._newest[entity] = fact
            self.changed.add(entity)

    def reconsider(self, versions: FactVersions, entity: bytes, fact: Fact, before: Fact | None) -> None:
        """Let the last version of a fact be its entity's newest, and find another for who lost the one before."""
        if entity != NOBODY:
            self.renew(entity, fact)
        left = NOBODY if before is None else versions.names.entity(before)
        if left == NOBODY or self._newest.get(left) != before:
            return
        newest = versions.newest(left)
        if newest is None:
            del self._newest[left]
        else:
            self._newest[left] = newest
        self.changed.add(left)
        self.back.add(left)

    def settle(self) -> None:
        """Take what changed as written."""
        self.changed, self.back = set(), set()

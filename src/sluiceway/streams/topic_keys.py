"""Topic keys: by what a topic's messages are keyed, read off rows, and off rows of state.

All that is about one key lies in one partition: nobody here knows the producers' partitioner, so which one it is shows
when the partition meets the key.
"""

from collections.abc import Iterable
from itertools import chain

import msgspec
import polars as pl

from sluiceway.plans.corrections import fact_columns
from sluiceway.plans.packed_value import pack_key
from sluiceway.ports.pane_store import Row
from sluiceway.streams.state_rows import (
    ENTITY,
    FACT,
    PANE,
    PREFIX_BYTES,
    kind_of_row,
    name_of,
    pane_of,
    unpack_versions,
    view_prefix,
)
from sluiceway.streams.stream_plan import StreamPlan

_unpack = msgspec.msgpack.Decoder(list[object]).decode


class TopicKeys:
    """Reads the keys of one stream, whose every view's entity contains them."""

    def __init__(self, plan: StreamPlan) -> None:
        self._names = list(plan.parted_by)
        self._places = {
            view_prefix(view.digest): (
                [view.entities.index(name) for name in self._names],
                [fact_columns(view).index(name) for name in self._names],
            )
            for view in plan.views
        }

    def of_rows(self, rows: pl.DataFrame) -> set[bytes]:
        """Name the keys that some rows have; a row that lacks one is nobody's."""
        return {pack_key(each) for each in rows.select(self._names).drop_nulls().unique().iter_rows()}

    def chosen(self, rows: pl.DataFrame, keys: set[bytes], *, inside: bool) -> pl.DataFrame:
        """Choose the rows with one of some keys, or with a key that is none of them."""
        there = rows.select(self._names).drop_nulls().unique()
        marks = [(pack_key(each) in keys) is inside for each in there.iter_rows()]
        return rows.join(there.filter(pl.Series(marks, dtype=pl.Boolean)), on=self._names, how="semi")

    def met(self, rows: Iterable[Row]) -> set[bytes]:
        """Name the keys of which a partition's state knows any entity."""
        return {self.of_state(row) for row in rows if kind_of_row(row[0]) == ENTITY and self._is_known(row[0])}

    def of_state(self, row: Row) -> bytes:
        """Read whose a row of state is."""
        key, value = row
        in_entity, in_fact = self._places[key[:PREFIX_BYTES]]
        kind = kind_of_row(key)
        if kind == FACT:
            kept = unpack_versions(value)
            fact = next(each for each in chain((kept.counts, kept.last), kept.waiting) if each is not None)
            return pack_key([fact.values[place] for place in in_fact])
        entity = _unpack(pane_of(key)[0] if kind == PANE else name_of(key))
        return pack_key([entity[place] for place in in_entity])

    def _is_known(self, key: bytes) -> bool:
        return key[:PREFIX_BYTES] in self._places

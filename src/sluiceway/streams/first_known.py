"""First known: when a partition's entities were first known, by any row about them."""

from collections.abc import Sequence

import polars as pl

from sluiceway.plans.corrections import KNOWN
from sluiceway.plans.packed_value import pack_key


class FirstKnown:
    """Moments by entity, in microseconds; and who was first known in a pane that is still open."""

    def __init__(self, entities: Sequence[str], every: int) -> None:
        self._names, self._every = list(entities), every
        self._first: dict[bytes, int] = {}
        self._young: dict[int, set[bytes]] = {}

    def get(self, entity: bytes) -> int:
        """Return when an entity was first known."""
        return self._first[entity]

    def knows(self, entity: bytes) -> bool:
        """Whether any row about an entity was learnt."""
        return entity in self._first

    def put(self, entity: bytes, known: int) -> None:
        """Note when an entity was first known."""
        self._first[entity] = known
        self._young.setdefault(known // self._every, set()).add(entity)

    def meet(self, rows: pl.DataFrame) -> set[bytes]:
        """Learn rows; return those of whom it is news when they were first known."""
        found = rows.drop_nulls(self._names).group_by(self._names).agg(pl.col(KNOWN).min())
        met = set()
        for *columns, known in found.iter_rows():
            entity = pack_key(columns)
            first = self._first.get(entity)
            if first is None or known < first:
                self.put(entity, known)
                met.add(entity)
        return met

    def grow_up(self, end: int) -> set[bytes]:
        """Let panes before ``end`` be over; name the entities whose first it was.

        Of their windows it is known by then that nothing else is in them.
        """
        grown: set[bytes] = set()
        for pane in [each for each in self._young if each < end]:
            grown |= self._young.pop(pane)
        return grown

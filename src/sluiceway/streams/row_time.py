"""Row times: the two times of many rows at once, or why a row has none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sluiceway.declare.expression import Expression
from sluiceway.declare.expression_kind import column_named
from sluiceway.declare.expression_tree import Tree
from sluiceway.plans.moments_sql import EPOCH, MICROSECOND
from sluiceway.plans.request_closure import UNCOMPUTABLE, compile_tree
from sluiceway.streams.latest_time import ahead_of
from sluiceway.streams.row_values import Lists, Why

Micros = list[int | None]


class RowTime:
    """One of the two: reads a time off one column, or computes it of several."""

    def __init__(self, name: str, tree: Tree, columns: Sequence[str], kinds: Mapping[str, str]) -> None:
        """Compile an expression's tree, which reads these columns, over a table's."""
        self.columns = tuple(dict.fromkeys(column_named(column, kinds) for column in columns))
        self._name = name
        self._bare = tree[0] == "column"
        self._closure = None if self._bare else compile_tree(tree, kinds)[0]

    def of(self, lists: Lists, count: int) -> tuple[Micros, Why]:
        """Give so many rows' times in microseconds; for those that have none, the reason."""
        why: Why = {}
        if self._closure is None:
            made = micros(lists[self.columns[0]])
        else:
            made, why = self._computed(self._closure, lists, count)
        for place in range(count) if None in made else ():
            if made[place] is None:
                why.setdefault(place, self._missing(lists, place))
        return made, why

    def _computed(self, closure: Callable[[Any], object], lists: Lists, count: int) -> tuple[Micros, Why]:
        made: Micros = []
        why: Why = {}
        for place in range(count):
            row = {name: lists[name][place] for name in self.columns}
            try:
                found = closure(row)
                made += micros([found if isinstance(found, datetime) else None])
            except UNCOMPUTABLE as error:
                made.append(None)
                why[place] = f"its {self._name} cannot be computed: {error}"
        return made, why

    def _missing(self, lists: Lists, place: int) -> str:
        missing = [name for name in self.columns if lists[name][place] is None]
        verb = "is" if len(missing) == 1 else "are"
        told = f"{' and '.join(map(repr, missing))} {verb} null" if missing else "it is null"
        return f"it has no {self._name}: {told}"


@dataclass(frozen=True, slots=True)
class RowTimes:
    """Both times of rows. ``latest_us`` gives the latest ``known_time`` there may be now: beyond, nobody knows it."""

    event: RowTime
    known: RowTime
    latest_us: Callable[[], int] | None = None

    @classmethod
    def of_expressions(
        cls, event: Expression, known: Expression, kinds: Mapping[str, str], latest_us: Callable[[], int] | None
    ) -> "RowTimes":
        """Compile a source's two expressions over its table's columns."""
        first = RowTime("event_time", event.tree, sorted(event.columns), kinds)
        if known.text == event.text:
            return cls(first, first, latest_us)
        return cls(first, RowTime("known_time", known.tree, sorted(known.columns), kinds), latest_us)

    @property
    def columns(self) -> tuple[str, ...]:
        """What they are read off."""
        return tuple(sorted({*self.event.columns, *self.known.columns}))

    def of(self, lists: Lists, count: int) -> tuple[Micros, Micros, Why]:
        """Give both times of so many rows, and why a row has none that counts."""
        events, why = self.event.of(lists, count)
        knowns = events
        if self.known is not self.event:
            knowns, why_known = self.known.of(lists, count)
            why = why_known | why
        latest = self.latest_us() if self.latest_us else None
        if latest is not None and any(known is not None and known > latest for known in knowns):
            ahead = {place: known for place, known in enumerate(knowns) if known is not None and known > latest}
            why = {place: ahead_of(known, latest) for place, known in ahead.items()} | why
        return events, knowns, why


def micros(values: Sequence[datetime | None]) -> Micros:
    """Give times, aware and in UTC, as microseconds since the epoch."""
    return [None if value is None else (value - EPOCH) // MICROSECOND for value in values]

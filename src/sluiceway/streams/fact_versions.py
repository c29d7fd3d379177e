"""Fact versions: which row counts of those about one fact, where the source's key says what a row is about.

In windows of known_time a version replaces the one before when the pane that it became known in has ended, not
earlier: the batch plan's windows know nothing of open panes. Those of event_time, and latest features, hear of it at
once.
"""

from collections import defaultdict
from collections.abc import Iterator

import msgspec
import polars as pl

from sluiceway.declare.feature_view import BY_EVENT, FeatureView
from sluiceway.plans.moments_sql import length
from sluiceway.streams.entity_panes import Place
from sluiceway.streams.fact_names import NAMELESS, FactNames
from sluiceway.streams.fact_order import Fact, newness, replaces, version


class Versions(msgspec.Struct, gc=False):
    """What is kept of one fact: the version that counts in windows, those that wait for their pane's end, the last."""

    counts: Fact | None = None
    waiting: tuple[Fact, ...] = ()
    last: Fact | None = None


def versions_of(view: FeatureView, *, windowed: bool, latest: bool, expires: bool) -> "FactVersions | None":
    """Begin with no facts of a view; ``None`` where none replaces another in its windows or latest features."""
    windowed = windowed and bool(view.source.keys)
    return FactVersions(view, windowed=windowed, latest=latest, expires=expires) if windowed or latest else None


class FactVersions:
    """Versions by fact, and which changed since ``settle``. For one thread.

    ``windowed`` keeps what windows need, until ``forget_before``; ``latest`` the last version of each fact, until it is
    ``expire``d, if that ``expires``. What time alone does is no change: whoever takes a fact back does it again.
    """

    def __init__(self, view: FeatureView, *, windowed: bool, latest: bool, expires: bool) -> None:
        self._every = length(view.every)
        self._by_event = view.windows == BY_EVENT
        self._windowed, self.is_latest, self._expires = windowed, latest, expires
        self.names = FactNames(view)
        self._facts: dict[bytes, Versions] = {}
        self._in_pane: defaultdict[int, defaultdict[bytes, set[bytes]]] = defaultdict(lambda: defaultdict(set))
        self._waiting: defaultdict[int, dict[bytes, bytes]] = defaultdict(dict)  # with whose it is, if it waits alone
        self._of_entity: defaultdict[bytes, set[bytes]] = defaultdict(set)
        self._lasting: defaultdict[int, set[bytes]] = defaultdict(set)  # by the pane of the last version's event_time
        self.changed: set[bytes] = set()
        self.gone: set[bytes] = set()

    def get(self, name: bytes) -> Versions:
        """Return what is kept of a fact."""
        return self._facts[name]

    def counted(self, name: bytes) -> Fact | None:
        """Return the version of a fact that counts in windows, if one does."""
        kept = self._facts.get(name)
        return None if kept is None else kept.counts

    def least_known(self, default: int) -> int:
        """Tell since when some version that is kept is known, at most ``default``."""
        kept = (fact.known for each in self._facts.values() for fact in (each.counts, each.last) if fact is not None)
        return min(kept, default=default)

    def has(self, name: bytes) -> bool:
        """Whether anything is kept of a fact."""
        return name in self._facts

    def nameless(self) -> Iterator[Fact]:
        """List the facts that lack a key."""
        for name, kept in self._facts.items():
            if name.startswith(NAMELESS):
                fact = kept.last or kept.counts or next(iter(kept.waiting), None)
                yield from () if fact is None else (fact,)

    def restore(self, name: bytes, kept: Versions) -> None:
        """Take back a fact as it was stored."""
        self._facts[name] = kept
        if kept.counts is not None:
            self._link(name, self.names.entity(kept.counts), kept.counts)
        for fact in kept.waiting:
            self._waiting[fact.known // self._every][name] = self.names.entity(fact)
        if kept.last is not None:
            self._last(name, self.names.entity(kept.last), kept.last)

    def take_all(self, rows: pl.DataFrame) -> Iterator[tuple[bytes, Fact, Fact | None]]:
        """Learn rows; give whose each last version is, this version, and the one which was before."""
        for name, entity, fact in self.names.of_rows(rows):
            if name in self._facts:
                is_last, before = self.take(name, fact)
                if is_last:
                    yield entity, fact, before
                continue
            kept = self._facts[name] = Versions()
            if self._windowed:
                kept.waiting = (fact,)
                self._waiting[fact.known // self._every][name] = entity
            if self.is_latest:
                kept.last = fact
                self._last(name, entity, fact)
                yield entity, fact, None
            self.changed.add(name)

    def take(self, name: bytes, fact: Fact, *, in_windows: bool = True) -> tuple[bool, Fact | None]:
        """Learn a row, of which windows may be spared; say whether it is the last version now, and which was before."""
        kept = self._facts.get(name)
        if kept is None:
            kept = self._facts[name] = Versions()
        if in_windows and self._windowed and (kept.counts is None or replaces(fact, kept.counts)):
            kept.waiting = (*kept.waiting, fact)
            self._waiting[fact.known // self._every][name] = self.names.entity(fact)
            self.changed.add(name)
        if not self.is_latest or (kept.last is not None and not replaces(fact, kept.last)):
            return False, None
        before, kept.last = kept.last, fact
        if before is not None:
            self._of_entity[self.names.entity(before)].discard(name)
        self._last(name, self.names.entity(fact), fact)
        self.changed.add(name)
        return True, before

    def expire(self, pane: int, *, known_before: int) -> None:
        """Let go of last versions whose event_time is before a pane, if no other version of them can come any more."""
        for old in [each for each in self._lasting if each < pane]:
            for name in self._lasting.pop(old):
                kept = self._facts.get(name)
                if kept is None or kept.last is None or kept.last.event // self._every != old:
                    continue
                if kept.last.known // self._every >= known_before:
                    self._lasting[kept.last.event // self._every].add(name)
                    continue
                self._of_entity[self.names.entity(kept.last)].discard(name)
                kept.last = None
                self.changed.add(name)
                self._leave(name, kept)

    def newest(self, entity: bytes) -> Fact | None:
        """Find an entity's newest fact."""
        kept = (self._facts[name].last for name in self._of_entity.get(entity, ()))
        return max((fact for fact in kept if fact is not None), key=newness, default=None)

    def end_panes(self, pane: int) -> tuple[list[Fact], list[Fact]]:
        """Let the panes before one be over; return the facts that count now, and those that count no more."""
        named: dict[bytes, bytes] = {}
        for ended in [each for each in self._waiting if each < pane]:
            named |= self._waiting.pop(ended)
        begun, over, end = [], [], pane * self._every
        for name, entity in named.items():
            kept = self._facts[name]
            if kept.counts is None and len(kept.waiting) == 1:
                kept.counts, kept.waiting = kept.waiting[0], ()
                self._link(name, entity, kept.counts)
                begun.append(kept.counts)
                continue
            best = max((fact for fact in kept.waiting if fact.known < end), key=version)
            kept.waiting = tuple(fact for fact in kept.waiting if fact.known >= end)
            if kept.counts is None or replaces(best, kept.counts):
                over += self._replace(name, kept, best)
                begun.append(best)
        return begun, over

    def in_pane(self, place: Place) -> list[Fact]:
        """List the facts that count in a pane of an entity."""
        counted = (self._facts[name].counts for name in self._in_pane[place[1]][place[0]])
        return [fact for fact in counted if fact is not None]

    def place(self, fact: Fact) -> Place:
        """Say where a fact counts."""
        return self.names.entity(fact), self._pane(fact)

    def forget_before(self, pane: int, *, known_before: int) -> None:
        """Let go of what counted in panes before one, if no correction of it can come any more.

        None can where it became known in a pane before ``known_before``: whatever comes is newer than that.
        """
        for old in [each for each in self._in_pane if each < pane]:
            for name in {name for names in self._in_pane.pop(old).values() for name in names}:
                counted = self._facts[name].counts
                if counted is not None and counted.known // self._every >= known_before:
                    self._link(name, self.names.entity(counted), counted)
                else:
                    self._forget(name)

    def _forget(self, name: bytes) -> None:
        kept = self._facts[name]
        kept.counts = None
        self._leave(name, kept)

    def _leave(self, name: bytes, kept: Versions) -> None:
        """Let go of a fact of which nothing is left."""
        if not kept.waiting and kept.last is None and kept.counts is None:
            del self._facts[name]
            self.changed.discard(name)
            self.gone.add(name)

    def settle(self) -> None:
        """Take what changed as written."""
        self.changed, self.gone = set(), set()

    def _replace(self, name: bytes, kept: Versions, fact: Fact) -> list[Fact]:
        before, kept.counts = kept.counts, fact
        if before is not None:
            entity, pane = self.place(before)
            self._in_pane[pane][entity].discard(name)
        self._link(name, self.names.entity(fact), fact)
        return [] if before is None else [before]

    def _link(self, name: bytes, entity: bytes, fact: Fact) -> None:
        self._in_pane[self._pane(fact)][entity].add(name)

    def _pane(self, fact: Fact) -> int:
        return (fact.event if self._by_event else fact.known) // self._every

    def _last(self, name: bytes, entity: bytes, fact: Fact) -> None:
        self._of_entity[entity].add(name)
        if self._expires:
            self._lasting[fact.event // self._every].add(name)

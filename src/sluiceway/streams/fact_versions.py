"""Fact versions: which row counts of those about one fact, where the source's key says what a row is about.

In windows of known_time a version replaces the one before when the pane that it became known in has ended, not
earlier: the batch plan's windows know nothing of open panes. Those of event_time, and latest features, hear of it at
once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter

import msgspec

from sluiceway.declare.feature_view import BY_EVENT, FeatureView
from sluiceway.plans.corrections import EVENT, fact_columns, identity
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import pack_key
from sluiceway.streams.entity_panes import Place
from sluiceway.streams.fact_order import Fact, newness, replaces, version

NOBODY = b""
NAMELESS = b"\x00"  # before an offset: no MessagePack array begins so


class Versions(msgspec.Struct, array_like=True, gc=False):
    """What is kept of one fact: the version that counts in windows, those that wait for their pane's end, the last."""

    counts: Fact | None = None
    waiting: list[Fact] = []
    last: Fact | None = None


class FactVersions:
    """Versions by fact, and which changed since ``settle``. For one thread.

    ``windowed`` keeps what windows need, until ``forget_before``; ``latest`` the last version of each fact, until it is
    ``expire``d.
    """

    def __init__(self, view: FeatureView, *, windowed: bool, latest: bool) -> None:
        columns = fact_columns(view)
        self._every = length(view.every)
        self._by_event = view.windows == BY_EVENT
        self._windowed, self.is_latest = windowed, latest
        self._entity = _picker(columns, view.entities)
        self._is_series = EVENT in identity(view.source.keys, view.entities)
        self._key = _picker(columns, view.source.keys)
        self._facts: dict[bytes, Versions] = {}
        self._in_pane: dict[int, dict[bytes, set[bytes]]] = {}
        self._waiting: dict[int, set[bytes]] = {}
        self._of_entity: dict[bytes, set[bytes]] = {}
        self._lasting: dict[int, set[bytes]] = {}  # by the pane of the last version's event_time
        self.changed: set[bytes] = set()
        self.gone: set[bytes] = set()

    def entity(self, fact: Fact) -> bytes:
        """Return whose fact it is, as a packed key; ``NOBODY`` where an entity column is missing."""
        found = self._entity(fact.values)
        return NOBODY if None in found else pack_key(found)

    def name(self, fact: Fact, offset: int) -> bytes:
        """Name what a row is about: equal names are versions of one fact. A missing key makes a fact of its own."""
        key = self._key(fact.values)
        if None in key:
            return NAMELESS + offset.to_bytes(8)
        return pack_key((*key, fact.event)) if self._is_series else pack_key(key)

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
            self._link(name, kept.counts)
        for fact in kept.waiting:
            self._waiting.setdefault(fact.known // self._every, set()).add(name)
        if kept.last is not None:
            self._last(name, kept.last)

    def take(self, name: bytes, fact: Fact, *, in_windows: bool = True) -> tuple[bool, Fact | None]:
        """Learn a row, of which windows may be spared; say whether it is the last version now, and which was before."""
        kept = self._facts.get(name)
        if kept is None:
            kept = self._facts[name] = Versions()
        if in_windows and self._windowed and (kept.counts is None or replaces(fact, kept.counts)):
            kept.waiting.append(fact)
            self._waiting.setdefault(fact.known // self._every, set()).add(name)
            self._touch(name)
        if not self.is_latest or (kept.last is not None and not replaces(fact, kept.last)):
            return False, None
        before, kept.last = kept.last, fact
        if before is not None:
            self._of_entity[self.entity(before)].discard(name)
        self._last(name, fact)
        self._touch(name)
        return True, before

    def expire(self, pane: int, *, known_before: int) -> None:
        """Let go of last versions whose event_time is before a pane, if no other version of them can come any more."""
        for old in [each for each in self._lasting if each < pane]:
            for name in self._lasting.pop(old):
                kept = self._facts.get(name)
                if kept is None or kept.last is None or kept.last.event // self._every != old:
                    continue
                if kept.last.known // self._every >= known_before:
                    self._last(name, kept.last)
                    continue
                self._of_entity[self.entity(kept.last)].discard(name)
                kept.last = None
                self._leave(name, kept)

    def newest(self, entity: bytes) -> Fact | None:
        """Find an entity's newest fact."""
        kept = (self._facts[name].last for name in self._of_entity.get(entity, ()))
        return max((fact for fact in kept if fact is not None), key=newness, default=None)

    def end_panes(self, pane: int) -> tuple[list[Fact], list[Fact]]:
        """Let the panes before one be over; return the facts that count now, and those that count no more."""
        names: set[bytes] = set()
        for ended in [each for each in self._waiting if each < pane]:
            names |= self._waiting.pop(ended)
        begun, over, end = [], [], pane * self._every
        for name in names:
            kept = self._facts[name]
            known = kept.waiting if len(kept.waiting) == 1 else [fact for fact in kept.waiting if fact.known < end]
            best = known[0] if len(known) == 1 else max(known, key=version)
            kept.waiting = [fact for fact in kept.waiting if fact.known >= end]
            self._touch(name)
            if kept.counts is None or replaces(best, kept.counts):
                over += self._replace(name, kept, best)
                begun.append(best)
        return begun, over

    def in_pane(self, place: Place) -> list[Fact]:
        """List the facts that count in a pane of an entity."""
        counted = (self._facts[name].counts for name in self._in_pane.get(place[1], {}).get(place[0], ()))
        return [fact for fact in counted if fact is not None]

    def place(self, fact: Fact) -> Place:
        """Say where a fact counts."""
        return self.entity(fact), (fact.event if self._by_event else fact.known) // self._every

    def forget_before(self, pane: int, *, known_before: int) -> None:
        """Let go of what counted in panes before one, if no correction of it can come any more.

        None can where it became known in a pane before ``known_before``: whatever comes is newer than that.
        """
        for old in [each for each in self._in_pane if each < pane]:
            for name in {name for names in self._in_pane.pop(old).values() for name in names}:
                counted = self._facts[name].counts
                if counted is not None and counted.known // self._every >= known_before:
                    self._link(name, counted)
                else:
                    self._forget(name)

    def _forget(self, name: bytes) -> None:
        kept = self._facts[name]
        kept.counts = None
        self._leave(name, kept)

    def _leave(self, name: bytes, kept: Versions) -> None:
        """Write what is left of a fact, or that nothing is."""
        if kept.waiting or kept.last is not None or kept.counts is not None:
            self._touch(name)
        else:
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
        self._link(name, fact)
        return [] if before is None else [before]

    def _link(self, name: bytes, fact: Fact) -> None:
        entity, pane = self.place(fact)
        self._in_pane.setdefault(pane, {}).setdefault(entity, set()).add(name)

    def _last(self, name: bytes, fact: Fact) -> None:
        self._of_entity.setdefault(self.entity(fact), set()).add(name)
        self._lasting.setdefault(fact.event // self._every, set()).add(name)

    def _touch(self, name: bytes) -> None:
        self.changed.add(name)
        self.gone.discard(name)


def _picker(columns: Sequence[str], wanted: Iterable[str]) -> Callable[[Sequence[object]], tuple[object, ...]]:
    places = [columns.index(name) for name in wanted]
    if len(places) == 1:
        only = places[0]
        return lambda values: (values[only],)
    return itemgetter(*places)

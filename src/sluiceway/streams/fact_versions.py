"""Fact versions: which row counts of those about one fact, where the source's key says what a row is about."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, fact_columns, identity
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import pack_key
from sluiceway.streams.entity_panes import Place
from sluiceway.streams.fact_order import Fact, newness, version

NOBODY = b""
NAMELESS = b"\x00"  # before an offset: no MessagePack array begins so


class FactVersions:
    """The version of each fact that counts, where it counts, and what changed since ``settle``. For one thread.

    Facts are kept while ``forget_panes`` is not told of their pane; ``for_ever``, also afterwards.
    """

    def __init__(self, view: FeatureView, *, for_ever: bool) -> None:
        columns = fact_columns(view)
        self._every = length(view.every)
        self._for_ever = for_ever
        self._entity = _picker(columns, view.entities)
        which = identity(view.source.keys, view.entities)
        self._is_series = EVENT in which
        self._key = _picker(columns, view.source.keys)
        self._facts: dict[bytes, Fact] = {}
        self._in_pane: dict[int, dict[bytes, set[bytes]]] = {}
        self._of_entity: dict[bytes, set[bytes]] = {}
        self.changed: set[bytes] = set()
        self.gone: set[bytes] = set()

    def entity(self, fact: Fact) -> bytes | None:
        """Return whose fact it is, as a packed key; ``None`` where an entity column is missing."""
        found = self._entity(fact.values)
        return None if None in found else pack_key(found)

    def name(self, fact: Fact, offset: int) -> bytes:
        """Name what a row is about: equal names are versions of one fact. A missing key makes a fact of its own."""
        key = self._key(fact.values)
        if None in key:
            return NAMELESS + offset.to_bytes(8)
        return pack_key((*key, fact.event)) if self._is_series else pack_key(key)

    def take(self, name: bytes, fact: Fact) -> tuple[bool, Fact | None]:
        """Let a row count unless a newer version does; say whether it does, and which fact it replaced."""
        old = self._facts.get(name)
        if old is not None and version(old) >= version(fact):
            return False, None
        if old is not None:
            self._unlink(name, old)
        self._facts[name] = fact
        self._link(name, fact)
        self.changed.add(name)
        self.gone.discard(name)
        return True, old

    def restore(self, name: bytes, fact: Fact) -> None:
        """Take back a fact as it was stored."""
        self._facts[name] = fact
        self._link(name, fact)

    def get(self, name: bytes) -> Fact:
        """Return a fact that counts."""
        return self._facts[name]

    def in_pane(self, place: Place) -> list[Fact]:
        """List the facts that count in a pane of an entity."""
        return [self._facts[name] for name in self._in_pane.get(place[1], {}).get(place[0], ())]

    def newest(self, entity: bytes) -> Fact | None:
        """Find an entity's newest fact among those kept."""
        return max((self._facts[name] for name in self._of_entity.get(entity, ())), key=newness, default=None)

    def place(self, fact: Fact) -> Place | None:
        """Say where a fact counts; ``None`` where nobody has it."""
        place = self._where(fact)
        return place if place[0] else None

    def forget_before(self, pane: int) -> None:
        """Let go of facts that counted in panes before one, which nothing can ask for any more."""
        for old in [each for each in self._in_pane if each < pane]:
            for names in self._in_pane.pop(old).values():
                if not self._for_ever:
                    self._forget(names)

    def _forget(self, names: set[bytes]) -> None:
        for name in names:
            del self._facts[name]
        self.changed -= names
        self.gone |= names

    def settle(self) -> None:
        """Take what changed as written."""
        self.changed, self.gone = set(), set()

    def _link(self, name: bytes, fact: Fact) -> None:
        entity, pane = self._where(fact)
        self._in_pane.setdefault(pane, {}).setdefault(entity, set()).add(name)
        if self._for_ever and entity:
            self._of_entity.setdefault(entity, set()).add(name)

    def _unlink(self, name: bytes, fact: Fact) -> None:
        entity, pane = self._where(fact)
        self._in_pane.get(pane, {}).get(entity, set()).discard(name)
        self._of_entity.get(entity, set()).discard(name)

    def _where(self, fact: Fact) -> Place:
        return self.entity(fact) or NOBODY, fact.known // self._every


def _picker(columns: Sequence[str], wanted: Iterable[str]) -> Callable[[Sequence[object]], tuple[object, ...]]:
    places = [columns.index(name) for name in wanted]
    if len(places) == 1:
        only = places[0]
        return lambda values: (values[only],)
    return itemgetter(*places)

"""A view's stream: one view's state in one partition, what a batch of rows changes of it, and what is served then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns
from sluiceway.plans.derived_values import DerivedValues
from sluiceway.plans.latest import latest_features, supersedes
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import FeatureValue, PackedValue, pack_key, pack_value
from sluiceway.plans.pane_partials import PartialValue
from sluiceway.plans.window_groups import window_features
from sluiceway.ports.pane_store import Row
from sluiceway.streams.decoding import OFFSET, STORED
from sluiceway.streams.entity_panes import EntityPanes, Place
from sluiceway.streams.fact_order import Fact, is_newer
from sluiceway.streams.fact_versions import NOBODY, FactVersions
from sluiceway.streams.late_rows import late_marks
from sluiceway.streams.latest_values import latest_values
from sluiceway.streams.state_rows import (
    ENTITY,
    FACT,
    PANE,
    kind_of_row,
    name_of,
    pack_entity,
    pack_partials,
    pack_versions,
    pane_key,
    pane_of,
    unpack_entity,
    unpack_partials,
    unpack_versions,
    view_prefix,
)

PLACE = "_pane"


@dataclass(slots=True)
class Writes:
    """What a view wants written: rows of state, and served values, of which ``forced`` went back in time."""

    put: list[Row] = field(default_factory=list)
    drop: list[bytes] = field(default_factory=list)
    online: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    forced: list[tuple[str, bytes, bytes]] = field(default_factory=list)


class ViewStream:
    """Keeps one view up in one partition; after ``take`` and ``advance``, ``writes`` tells what changed."""

    def __init__(self, view: FeatureView, kinds: Mapping[str, str], *, lateness: int) -> None:
        self.view, self._kinds, self._lateness = view, kinds, lateness
        self._every = length(view.every)
        self._columns = fact_columns(view)
        self._places = {name: place for place, name in enumerate(view.columns)}
        self._prefix = view_prefix(view.digest)
        self._panes = EntityPanes(view, kinds) if window_features(view) else None
        self._latest = latest_features(view)
        self._derived = DerivedValues(view, kinds)
        keyed = bool(view.source.keys)
        self._superseded = bool(self._latest) and supersedes(view, repeated=keyed)
        windowed = keyed and self._panes is not None
        needs_versions = windowed or self._superseded
        self._versions = FactVersions(view, windowed=windowed, latest=self._superseded) if needs_versions else None
        self._first: dict[bytes, int] = {}
        self._young: dict[int, set[bytes]] = {}  # who was first known in a pane that is still open
        self._newest: dict[bytes, Fact] = {}
        self._heard: set[bytes] = set()  # whose row of state changed
        self._moved: set[bytes] = set()  # whose served value may have changed
        self._back: set[bytes] = set()  # whose newest fact became an older one

    def restore(self, rows: Iterable[Row], watermark: int | None) -> None:
        """Take back state as it was stored; rows of other views are let by."""
        for key, value in rows:
            if not key.startswith(self._prefix):
                continue
            kind = kind_of_row(key)
            if kind == PANE and self._panes:
                self._panes.restore(pane_of(key), unpack_partials(value))
            elif kind == FACT and self._versions:
                self._versions.restore(name_of(key), unpack_versions(value))
            elif kind == ENTITY:
                self._restore_entity(name_of(key), *unpack_entity(value))
        if self._panes and watermark is not None:
            self._panes.advance(watermark // self._every)
            self._panes.settle()
            self._grow_up(watermark // self._every)

    def _restore_entity(self, entity: bytes, first: int, newest: Fact | None) -> None:
        self._first[entity] = first
        self._young.setdefault(first // self._every, set()).add(entity)
        if newest is not None:
            self._newest[entity] = newest

    def late(self, rows: pl.DataFrame, watermark: int | None) -> pl.Series | None:
        """Mark the rows that are late for this view; ``None`` where none can be."""
        if self._panes is None:
            return None
        marks = late_marks(rows, watermark=watermark, every=self._every, lateness=self._lateness)
        return marks if marks.any() else None

    def take(self, rows: pl.DataFrame) -> None:
        """Learn rows that are not late."""
        self._meet(rows)
        if self._versions is not None:
            self._correct(rows, self._versions)
        elif self._panes is not None:
            self._merge(rows, self._panes)
        if self._latest and not self._superseded:
            self._hear(rows)

    def seal(self, rows: pl.DataFrame, watermark: int, *, is_alone: bool) -> None:
        """Let what is closed hold what batch knows of it: late rows, and those that came by no topic.

        Learning the same again changes nothing. Rows whose pane is open are let by: this stream has them, or will.
        Where versions of facts are kept, nothing is sealed.

        Args:
            rows: All that batch has of the source.
            watermark: Up to when both batch and this stream have what comes in time.
            is_alone: Whether this partition is the topic's only one; else entities that it never met are another's.
        """
        if self._versions is not None:
            return
        lateness = self._lateness if self._panes is not None else 0
        rows = rows.filter(pl.col(KNOWN) < (watermark - lateness) // self._every * self._every)
        if not is_alone:
            keys = map(pack_key, rows.select(self.view.entities).iter_rows())
            rows = rows.filter(pl.Series([key in self._first for key in keys], dtype=pl.Boolean))
        self._meet(rows)
        for place, partials in self._groups(rows, self._panes) if self._panes else ():
            if self._panes and self._panes.reaches(place[1]) and self._panes.get(place) != partials:
                self._panes.put(place, partials)
        if self._latest:
            self._hear(rows)

    def _meet(self, rows: pl.DataFrame) -> None:
        """Note when entities were first known, by any row about them."""
        names = list(self.view.entities)
        found = rows.drop_nulls(names).group_by(names).agg(pl.col(KNOWN).min())
        for *entity, known in found.iter_rows():
            key = pack_key(entity)
            first = self._first.get(key)
            if first is None or known < first:
                self._first[key] = known
                self._young.setdefault(known // self._every, set()).add(key)
                self._heard.add(key)
                self._moved.add(key)

    def _merge(self, rows: pl.DataFrame, panes: EntityPanes) -> None:
        for place, partials in self._groups(rows, panes):
            if panes.reaches(place[1]):
                panes.add(place, partials)

    def _groups(self, rows: pl.DataFrame, panes: EntityPanes) -> Iterable[tuple[Place, list[PartialValue]]]:
        names = list(self.view.entities)
        width = len(names)
        grouped = (
            panes.partials.ready(rows.drop_nulls(names))
            .with_columns((pl.col(KNOWN) // self._every).alias(PLACE))
            .group_by([*names, PLACE])
            .agg(panes.partials.of_rows)
        )
        for row in grouped.iter_rows():
            yield (pack_key(row[:width]), row[width]), panes.partials.read(row[width + 1 :])

    def _hear(self, rows: pl.DataFrame) -> None:
        """Keep the newest fact of each entity."""
        names = list(self.view.entities)
        order = [EVENT, KNOWN, *self._columns]
        newest = rows.drop_nulls(names).sort(order, nulls_last=False).unique(names, keep="last", maintain_order=True)
        for event, known, *values in newest.select(order).iter_rows():
            fact = Fact(event, known, tuple(values))
            key = pack_key([values[self._columns.index(name)] for name in names])
            self._renew(key, fact)

    def _renew(self, entity: bytes, fact: Fact) -> None:
        before = self._newest.get(entity)
        if before is None or is_newer(fact, before):
            self._newest[entity] = fact
            self._heard.add(entity)
            self._moved.add(entity)

    def _correct(self, rows: pl.DataFrame, versions: FactVersions) -> None:
        """Learn rows of which some may replace others."""
        for event, known, offset, *values in rows.select(EVENT, KNOWN, OFFSET, *self._columns).iter_rows():
            fact = Fact(event, known, tuple(values))
            is_last, before = versions.take(versions.name(fact, offset), fact)
            if is_last:
                self._reconsider(versions, fact, before)

    def _reconsider(self, versions: FactVersions, fact: Fact, before: Fact | None) -> None:
        """Let a fact be its entity's newest, and find another for the entity that lost one."""
        entity = versions.entity(fact)
        if entity != NOBODY:
            self._renew(entity, fact)
        left = NOBODY if before is None else versions.entity(before)
        if left == NOBODY or self._newest.get(left) != before:
            return
        newest = versions.newest(left)
        if newest is None:
            del self._newest[left]
        else:
            self._newest[left] = newest
        for marks in (self._heard, self._moved, self._back):
            marks.add(left)

    def _recount(self, panes: EntityPanes, versions: FactVersions, end: int) -> None:
        """Merge facts into their panes once these are over, and make panes anew that lost one."""
        begun, over = versions.end_panes(end)
        anew = {versions.place(fact) for fact in over} - {(NOBODY, versions.place(fact)[1]) for fact in over}
        anew = {place for place in anew if panes.reaches(place[1])}
        added = [fact for fact in begun if versions.place(fact) not in anew] if anew else begun
        self._merge(self._frame(added), panes)
        made = dict(self._groups(self._frame([fact for place in anew for fact in versions.in_pane(place)]), panes))
        for place in anew:
            panes.put(place, made.get(place))

    def _frame(self, facts: Sequence[Fact]) -> pl.DataFrame:
        schema = {EVENT: pl.Int64(), KNOWN: pl.Int64(), **{name: STORED[self._kinds[name]] for name in self._columns}}
        return pl.DataFrame([(fact.event, fact.known, *fact.values) for fact in facts], schema, orient="row")

    def advance(self, watermark: int) -> None:
        """Let time be what the watermark says."""
        if self._panes is None:
            return
        end = watermark // self._every
        if self._versions is not None:
            self._recount(self._panes, self._versions, end + self._panes.is_fresh)
        self._moved |= self._panes.advance(end) | self._grow_up(end)
        if self._versions is not None:
            closed = (watermark - self._lateness) // self._every
            self._versions.forget_before(min(closed, self._panes.oldest))

    def _grow_up(self, end: int) -> set[bytes]:
        """Name the entities whose first pane is over: their windows are known to hold nothing else."""
        grown: set[bytes] = set()
        for pane in [each for each in self._young if each < end]:
            grown |= self._young.pop(pane)
        return grown

    def writes(self, watermark: int, now: int) -> Writes:
        """Tell what changed since the last time, and take it as written."""
        writes = Writes()
        self._write_state(writes)
        for entity in self._moved:
            value = self._value(entity, watermark, now)
            if value is not None:
                target = writes.forced if entity in self._back else writes.online
                target.append((self.view.digest, entity, value))
        self._heard, self._moved, self._back = set(), set(), set()
        return writes

    def _write_state(self, writes: Writes) -> None:
        prefix = self._prefix
        for entity in self._heard:
            writes.put.append((prefix + ENTITY + entity, pack_entity(self._first[entity], self._newest.get(entity))))
        if self._panes is not None:
            for place in self._panes.changed:
                writes.put.append((pane_key(prefix, place), pack_partials(self._panes.get(place) or [])))
            writes.drop += [pane_key(prefix, place) for place in self._panes.gone - self._panes.changed]
            self._panes.settle()
        if self._versions is not None:
            writes.put += [
                (prefix + FACT + name, pack_versions(self._versions.get(name))) for name in self._versions.changed
            ]
            writes.drop += [prefix + FACT + name for name in self._versions.gone]
            self._versions.settle()

    def _value(self, entity: bytes, watermark: int, now: int) -> bytes | None:
        """Pack what is served of an entity; ``None`` while nothing of it has counted yet."""
        features: list[FeatureValue] = [None] * len(self.view.columns)
        end = watermark // self._every * self._every
        known = self._first[entity] < end
        if self._panes is not None:
            self._panes.fill(entity, features, only_fresh=not known)
        newest = self._newest.get(entity)
        if newest is not None:
            for name, each in latest_values(self.view, newest, columns=self._columns, kinds=self._kinds):
                features[self._places[name]] = each
        elif not known and entity not in self._back and not (self._panes and self._panes.is_fresh):
            return None
        stamp = (end, end) if newest is None else (newest.event, newest.known)
        through = end if self._panes is not None else watermark
        return pack_value(PackedValue(*stamp, through, now, self._complete(features)))

    def _complete(self, features: Sequence[FeatureValue]) -> list[FeatureValue]:
        """Compute the derived features."""
        made = [(name, each.is_derived) for each in self.view.features for name in each.names]
        named = zip(made, features, strict=True)
        return self._derived.complete({name: value for (name, is_derived), value in named if not is_derived})

"""A view's stream: one view's state in one partition, what a batch of rows changes of it, and what is served then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns
from sluiceway.plans.latest import latest_features, supersedes
from sluiceway.plans.list_columns import sort_key
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import pack_key
from sluiceway.plans.window_groups import window_groups
from sluiceway.ports.pane_store import Row
from sluiceway.streams.decoding import OFFSET
from sluiceway.streams.entity_panes import EntityPanes
from sluiceway.streams.fact_order import Fact, is_newer
from sluiceway.streams.fact_versions import NOBODY, FactVersions
from sluiceway.streams.first_known import FirstKnown
from sluiceway.streams.late_rows import late_marks
from sluiceway.streams.pane_rows import PaneRows
from sluiceway.streams.served_value import ServedValue
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
        """Begin with nothing; ``lateness`` is the topic's, in microseconds."""
        self.view, self._lateness = view, lateness
        self._every = length(view.every)
        self._columns = fact_columns(view)
        self._prefix = view_prefix(view.digest)
        groups = window_groups(view)
        self._by_event = any(group.by_event for group in groups)
        self._open = int(any(group.follows for group in groups))  # whether what the open pane knows counts too
        self._panes = EntityPanes(view, kinds) if groups else None
        self._pane_rows = PaneRows(view, kinds, self._panes) if self._panes else None
        self._served = ServedValue(view, kinds, self._panes)
        self._latest = bool(latest_features(view))
        keyed = bool(view.source.keys)
        self._superseded = self._latest and supersedes(view, repeated=keyed)
        windowed = keyed and bool(groups)
        needs_versions = windowed or self._superseded
        self._versions = FactVersions(view, windowed=windowed, latest=self._superseded) if needs_versions else None
        self._first = FirstKnown(view.entities, self._every)
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
            self._first.grow_up(watermark // self._every)

    def _restore_entity(self, entity: bytes, first: int, newest: Fact | None) -> None:
        self._first.put(entity, first)
        if newest is not None:
            self._newest[entity] = newest

    def late(self, rows: pl.DataFrame, watermark: int | None) -> pl.Series | None:
        """Mark the rows that are late for this view; ``None`` where none can be.

        Where windows are of event_time, a row is also late that became known longer after its pane than the view says.
        """
        if self._panes is None:
            return None
        marks = late_marks(rows, time=KNOWN, watermark=watermark, every=self._every, lateness=self._lateness)
        if self._by_event:
            lateness = self._lateness + length(str(self.view.lateness))
            marks |= late_marks(rows, time=EVENT, watermark=watermark, every=self._every, lateness=lateness)
        return marks if marks.any() else None

    def take(self, rows: pl.DataFrame) -> None:
        """Learn rows that are not late."""
        met = self._first.meet(rows)
        self._heard |= met
        self._moved |= met
        if self._versions is not None:
            self._correct(rows, self._versions)
        elif self._pane_rows is not None:
            self._pane_rows.merge(rows)
        if self._latest and not self._superseded:
            self._hear(rows)

    def seal(self, rows: pl.DataFrame, watermark: int, *, is_alone: bool) -> None:
        """Let what is closed hold what batch knows of it: late rows, and those that came by no topic.

        Learning the same again changes nothing. Rows whose pane is open are let by: this stream has them, or will.
        Where versions of facts are kept, or windows are of event_time, nothing is sealed.

        Args:
            rows: All that batch has of the source.
            watermark: Up to when both batch and this stream have what comes in time.
            is_alone: Whether this partition is the topic's only one; else entities that it never met are another's.
        """
        if self._versions is not None or self._by_event:
            return
        lateness = self._lateness if self._panes is not None else 0
        rows = rows.filter(pl.col(KNOWN) < (watermark - lateness) // self._every * self._every)
        if not is_alone:
            keys = map(pack_key, rows.select(self.view.entities).iter_rows())
            rows = rows.filter(pl.Series([self._first.knows(key) for key in keys], dtype=pl.Boolean))
        met = self._first.meet(rows)
        self._heard |= met
        self._moved |= met
        if self._pane_rows is not None:
            self._pane_rows.renew(rows)
        if self._latest:
            self._hear(rows)

    def _hear(self, rows: pl.DataFrame) -> None:
        """Keep the newest fact of each entity."""
        names = list(self.view.entities)
        order = [EVENT, KNOWN, *self._columns]
        by = [sort_key(name, rows.schema[name]) for name in order]
        newest = rows.drop_nulls(names).sort(by, nulls_last=False).unique(names, keep="last", maintain_order=True)
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

    def advance(self, watermark: int) -> None:
        """Let time be what the watermark says."""
        if self._panes is None or self._pane_rows is None:
            return
        end = watermark // self._every
        if self._versions is not None:
            self._pane_rows.recount(self._versions, end + self._open)
        self._moved |= self._panes.advance(end) | self._first.grow_up(end)
        if self._versions is not None:
            closed = (watermark - self._lateness) // self._every
            self._versions.forget_before(self._panes.oldest, known_before=closed)

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
            writes.put.append(
                (prefix + ENTITY + entity, pack_entity(self._first.get(entity), self._newest.get(entity)))
            )
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
        known = self._by_event or self._first.get(entity) < watermark // self._every * self._every
        newest = self._newest.get(entity)
        if newest is None and not known and entity not in self._back and not self._open:
            return None
        return self._served.pack(entity, newest, only_fresh=not known, watermark=watermark, now=now)

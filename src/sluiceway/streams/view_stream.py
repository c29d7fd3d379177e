"""A view's stream: one view's state in one partition, what a batch of rows changes of it, and what is served then."""

import sys
from collections.abc import Iterable, Mapping

import polars as pl

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import KNOWN, fact_columns
from sluiceway.plans.latest import latest_features, supersedes
from sluiceway.plans.moments_sql import length
from sluiceway.plans.window_groups import window_groups
from sluiceway.ports.pane_store import Row
from sluiceway.streams.entity_panes import EntityPanes
from sluiceway.streams.fact_order import Fact
from sluiceway.streams.fact_versions import FactVersions, versions_of
from sluiceway.streams.first_known import FirstKnown
from sluiceway.streams.late_rows import LateRows, expires_after
from sluiceway.streams.newest_facts import NewestFacts
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
from sluiceway.streams.taught_facts import TaughtFacts
from sluiceway.streams.view_writes import Writes


class ViewStream:
    """Keeps one view up in one partition; after ``take`` and ``advance``, ``writes`` tells what changed."""

    def __init__(self, view: FeatureView, kinds: Mapping[str, str], *, lateness: int) -> None:
        """Begin with nothing; ``lateness`` is the topic's, in microseconds."""
        self.view = view
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
        self._superseded = self._latest and supersedes(view, repeated=bool(view.source.keys))
        expires = expires_after(view) is not None
        self._versions = versions_of(view, windowed=bool(groups), latest=self._superseded, expires=expires)
        self._first = FirstKnown(view.entities, self._every)
        self._newest = NewestFacts(view.entities, self._columns)
        self._late = LateRows(view, lateness=lateness)
        self._heard: set[bytes] = set()  # whose row of state changed
        self._moved: set[bytes] = set()  # whose served value may have changed

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
            end = watermark // self._every
            self._panes.advance(end)
            self._panes.settle()
            self._first.grow_up(end)
            if self._versions is not None:  # rows of facts are not written anew where only time went on
                self._versions.end_panes(end + self._open)
                self._forget(self._versions, self._panes.oldest, watermark)
                self._versions.settle()

    def adopt(self, rows: Iterable[Row]) -> None:
        """Take rows of state over that were written elsewhere, of entities not met here; other views' are let by."""
        rows = [row for row in rows if row[0].startswith(self._prefix)]
        self.restore(rows, None)
        for key, _ in rows:
            kind = kind_of_row(key)
            if kind == PANE and self._panes:
                self._panes.changed.add(pane_of(key))
            elif kind == FACT and self._versions:
                self._versions.changed.add(name_of(key))
            elif kind == ENTITY:
                self._heard.add(name_of(key))
                self._moved.add(name_of(key))

    def state(self) -> list[Row]:
        """Write all that changed since the last time as rows of state, and take it as written."""
        writes = Writes()
        self._write_state(writes)
        return writes.put

    def _restore_entity(self, entity: bytes, first: int, newest: Fact | None) -> None:
        self._first.put(entity, first)
        if newest is not None:
            self._newest.restore(entity, newest)

    def late(self, rows: pl.DataFrame, watermark: int | None) -> pl.Series | None:
        """Mark the rows that are late for this view; ``None`` where none is."""
        return self._late.arriving(rows, watermark)

    def begin(self, rows: pl.DataFrame) -> None:
        """Learn rows of the source's table as if they had come in time; of those that no window has, what is needed."""
        self._meet(rows)
        is_cut = self._panes is not None and self._panes.end is not None and not (self._by_event or self._superseded)
        oldest = self._panes.oldest * self._every if self._panes and is_cut else None
        self._count(rows if oldest is None else rows.filter(pl.col(KNOWN) >= oldest))
        self._hear(rows)

    def take(self, rows: pl.DataFrame) -> None:
        """Learn rows that are not late."""
        self._meet(rows)
        self._count(rows)
        self._hear(rows)

    def _count(self, rows: pl.DataFrame) -> None:
        if self._versions is not None:
            for entity, fact, before in self._versions.take_all(rows):
                self._newest.reconsider(self._versions, entity, fact, before)
        elif self._pane_rows is not None:
            self._pane_rows.merge(rows)

    def _hear(self, rows: pl.DataFrame) -> None:
        if self._latest and not self._superseded:
            self._newest.hear(rows)

    def seal(self, rows: pl.DataFrame, watermark: int, *, mine: int) -> None:
        """Let what is closed hold what batch knows of it: late rows, and those that came by no topic.

        Learning the same again changes nothing. Rows that would not be late now are let by: this stream has them, or
        will. Nothing is sealed where this stream may have let go of a version that has not landed, so that one which it
        replaced would count again.

        Args:
            rows: All that batch has of the source.
            watermark: Up to when both batch and this stream have what comes in time.
            mine: Up to when this stream has it, microseconds as well.
        """
        if self._forgotten_before(mine) > self._late.closed_before(watermark):
            return
        rows = self._late.closed(rows, watermark)
        self._meet(rows)
        if self._versions is not None:
            oldest = None if self._panes is None else self._panes.oldest
            teacher = TaughtFacts(self.view, self._versions, every=self._every)
            lacking = teacher.lacking(rows, oldest=oldest, expired=self._late.expired_before(mine))
            for name, fact, in_windows in list(lacking):
                self._learn(self._versions, name, fact, in_windows=in_windows)
        elif self._pane_rows is not None:
            self._pane_rows.renew(rows)
        self._hear(rows)

    def _forgotten_before(self, watermark: int) -> int:
        """Tell before which pane a fact became known of which nothing is kept, though it may have replaced another."""
        bounds = [-sys.maxsize]
        if self._versions and self._panes and self._by_event:
            bounds.append(self._panes.oldest)
        expired = self._late.expired_before(watermark)
        if expired is not None:
            bounds.append(expired)
        return min(self._late.closed_before(watermark), max(bounds))

    def _meet(self, rows: pl.DataFrame) -> None:
        met = self._first.meet(rows)
        self._heard |= met
        self._moved |= met

    def _learn(self, versions: FactVersions, name: bytes, fact: Fact, *, in_windows: bool = True) -> None:
        """Learn a row that may replace another."""
        is_last, before = versions.take(name, fact, in_windows=in_windows)
        if is_last:
            self._newest.reconsider(versions, versions.names.entity(fact), fact, before)

    def advance(self, watermark: int, *, is_open: bool = False) -> None:
        """Let time be what the watermark says.

        Where all is still ``is_open``, as no message has shown a time yet, an older version of any fact may come:
        nothing is let go that would tell it from the last.
        """
        if self._panes is not None and self._pane_rows is not None:
            end = watermark // self._every
            if self._versions is not None:
                self._pane_rows.recount(self._versions, end + self._open)
            self._moved |= self._panes.advance(end) | self._first.grow_up(end)
            if self._versions is not None and not (is_open and self._by_event):
                self._forget(self._versions, self._panes.oldest, watermark)
        expired = None if is_open else self._late.expired_before(watermark)
        if self._versions is not None and expired is not None:
            known_before = min(self._late.closed_before(watermark), expired)
            self._versions.expire(expired, known_before=known_before)

    def _forget(self, versions: FactVersions, oldest: int, watermark: int) -> None:
        versions.forget_before(oldest, known_before=min(self._late.closed_before(watermark), oldest))

    def writes(self, watermark: int, now: int) -> Writes:
        """Tell what changed since the last time, and take it as written."""
        writes = Writes()
        self._moved |= self._newest.changed
        self._write_state(writes)
        digest = self.view.digest  # once: it is hashed anew whenever asked for
        for entity in self._moved:
            value = self._value(entity, watermark, now)
            if value is not None:
                target = writes.forced if entity in self._newest.back else writes.online
                target.append((digest, entity, value))
        self._heard, self._moved = set(), set()
        self._newest.settle()
        return writes

    def _write_state(self, writes: Writes) -> None:
        prefix = self._prefix
        for entity in self._heard | self._newest.changed:
            writes.put.append(
                (prefix + ENTITY + entity, pack_entity(self._first.get(entity), self._newest.get(entity)))
            )
        if self._panes is not None:
            for place in self._panes.changed:
                writes.put.append((pane_key(prefix, place), pack_partials(self._panes.get(place) or [])))
            writes.drop += [pane_key(prefix, place) for place in self._panes.gone - self._panes.changed]
            self._panes.settle()
        if self._versions is not None:
            begin, get = prefix + FACT, self._versions.get
            writes.put += [(begin + name, pack_versions(get(name))) for name in self._versions.changed]
            writes.drop += [prefix + FACT + name for name in self._versions.gone - self._versions.changed]
            self._versions.settle()

    def _value(self, entity: bytes, watermark: int, now: int) -> bytes | None:
        """Pack what is served of an entity; ``None`` while nothing of it has counted yet."""
        known = self._by_event or self._first.get(entity) < watermark // self._every * self._every
        newest = self._newest.get(entity)
        if newest is None and not known and entity not in self._newest.back and not self._open:
            return None
        return self._served.pack(entity, newest, only_fresh=not known, watermark=watermark, now=now)

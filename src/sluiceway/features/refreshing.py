"""Refreshing: an online view brought from one moment and dataset to another, in one pass over what changes.

What is written is what a whole materialisation would hold for these entities, to the bit: it is the same plan over
their rows alone. Writing the same again changes nothing, so a refresh that was broken off is simply begun anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import pyarrow as pa

from sluiceway.artifacts.table_ref import TableRef
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.held_tables import HeldTables, TableReader
from sluiceway.features.materialise import packed, snapshot_name
from sluiceway.features.point_in_time import Facts, features_now
from sluiceway.plans.corrections import facts_sql
from sluiceway.plans.latest import latest_features
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.packed_value import pack_key, unpack_value
from sluiceway.plans.quoting import listed
from sluiceway.plans.touched import differing_sql, entities_sql, kept_sql, touched_sql
from sluiceway.ports.online_store import OnlineStore
from sluiceway.ports.progress import Progress

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of a view: ``how`` is ``whole`` or ``changes``; entities that were looked at, and those written."""

    view: str
    how: str
    looked_at: int
    written: int


class Touched(HeldTables):
    """Held tables of which a source's rows are cut down to those that bear on some entities, too few to be laid out."""

    def __init__(self, rows: pa.Table, store: TableReader) -> None:
        super().__init__(store)
        self._rows = rows

    def read(self, ref: TableRef, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows, of all columns or those named."""
        return self._rows.select(list(ref.column_names if columns is None else columns))


def refresh(
    facts: Facts, view: FeatureView, online: OnlineStore, *, before: Facts | None, now: datetime, progress: Progress
) -> Refreshed:
    """Let the store hold a view as of the cutoff of ``facts``.

    Args:
        facts: The sources now, and the cutoff.
        view: What to bring up to date.
        online: Holds the view as ``before`` has it, or in part already as ``facts`` do.
        before: The sources and the cutoff that the store is of; ``None`` where nobody knows: then all is made anew.
        now: When values say that they were written.
        progress: Hears how many entities are done.
    """
    if before is not None:
        done = _changes(facts, view, online, before=before, now=now, progress=progress)
        if done is not None:
            return done
    snapshot = features_now(facts, view)
    mark = online.snapshot(view.digest) or snapshot_name(facts, view)
    online.replace(view.digest, _items(snapshot, facts, view, now), snapshot=mark)
    return Refreshed(view.name, "whole", snapshot.num_rows, snapshot.num_rows)


def _changes(
    facts: Facts, view: FeatureView, online: OnlineStore, *, before: Facts, now: datetime, progress: Progress
) -> Refreshed | None:
    """Write what changed; ``None`` where a value would have to go, or back in time, which takes a whole replacement."""
    entities = touched_entities(facts, view, before=before)
    if not entities.num_rows:
        return Refreshed(view.name, "changes", 0, 0)
    kept = facts.ask(kept_sql(view), source=facts.whole(view.source.name), entities=entities)
    some = Facts(facts.dataset, Touched(kept, facts.tables), facts.engine, facts.cutoff)
    snapshot = features_now(some, view)
    snapshot = facts.ask(f"SELECT s.* FROM s SEMI JOIN e USING ({listed(view.entities)})", s=snapshot, e=entities)
    if snapshot.num_rows < entities.num_rows and _some_would_stay(view, online, entities, snapshot):
        return None
    written, looked_at = 0, 0
    items = _items(snapshot, facts, view, now)
    while chunk := list(islice(items, CHUNK)):
        changed = _differing(view, online, chunk)
        if changed is None:
            return None
        written += online.write(view.digest, changed) if changed else 0
        looked_at += len(chunk)
        progress.advance(looked_at, snapshot.num_rows)
    return Refreshed(view.name, "changes", looked_at, written)


def touched_entities(facts: Facts, view: FeatureView, *, before: Facts) -> pa.Table:
    """Find the entities whose values may be others now than before, each once."""
    low, high = sorted((before.cutoff, facts.cutoff))
    sql = facts_sql(view, table="source", cutoff=high)
    rows = facts.ask(sql, source=facts.whole(view.source.name))
    parts = [facts.ask(touched_sql(view, low=low, high=high), facts=rows)]
    if before.dataset.table(view.source.name) != facts.dataset.table(view.source.name):
        earlier = facts.ask(sql, source=before.whole(view.source.name))
        parts.append(facts.ask(differing_sql(view), facts=rows, earlier=earlier))
        parts.append(facts.ask(touched_sql(view, low=low, high=high), facts=earlier))
    return facts.ask(entities_sql(view), moved=pa.concat_tables(parts), facts=rows)


def _items(snapshot: pa.Table, facts: Facts, view: FeatureView, now: datetime) -> Iterator[tuple[bytes, bytes]]:
    return packed(snapshot, view, cutoff=facts.cutoff, written=microseconds(now))


def _differing(
    view: FeatureView, online: OnlineStore, chunk: Sequence[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]] | None:
    """Choose what is not in the store with the same features; ``None`` where the store's would count as newer."""
    ages, changed = bool(latest_features(view)), []
    for (key, data), held in zip(chunk, online.read(view.digest, [key for key, _ in chunk]), strict=True):
        if held is None:
            changed.append((key, data))
            continue
        old, new = unpack_value(held), unpack_value(data)
        if old.features == new.features and (not ages or old[:2] == new[:2]):
            continue
        if old[:2] > new[:2]:
            return None
        changed.append((key, data))
    return changed


def _some_would_stay(view: FeatureView, online: OnlineStore, entities: pa.Table, snapshot: pa.Table) -> bool:
    """Whether the store holds an entity of which nothing is known any more."""
    there = set(_keys(view, snapshot))
    gone = [key for key in _keys(view, entities) if key not in there]
    return any(value is not None for value in online.read(view.digest, gone))


def _keys(view: FeatureView, table: pa.Table) -> Iterator[bytes]:
    return map(pack_key, zip(*(table[name].to_pylist() for name in view.entities), strict=True))

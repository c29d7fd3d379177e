"""The online store in DynamoDB: values by generation, and for each view one item that says which generation counts."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sluiceway.adapters.dynamo_items import (
    ABANDONED_S,
    GENERATIONS,
    GRACE_S,
    KNOWN_S,
    NOW,
    Current,
    Generation,
    buckets,
    current_item,
    fitting,
    generation_item,
    generation_of,
    item_of,
    place_of,
    record_of,
)
from sluiceway.adapters.dynamo_table import DynamoTable
from sluiceway.ports.online_store import STAMP_BYTES, Asked, checked
from sluiceway.ports.sweepable import STAGED, VIEW, Leftover, view_key


class DynamoOnline:
    """Packed values in one table, which the first write makes.

    A reader looks at most a second old at which generation counts, so that another process sees a replacement at most
    a second late, and whole: a generation stays for a minute after another took its place.
    """

    def __init__(self, table: DynamoTable) -> None:
        self._table = table
        self._known: dict[str, tuple[float, Current | None]] = {}
        self._is_made = False

    def write(self, view: str, items: Iterable[tuple[bytes, bytes]]) -> int:
        """Store values by key unless newer ones are there; return how many took effect.

        Raises:
            MisuseError: a value is shorter than its stamp, or larger than an item may be; then nothing is stored.
            TransientError, SourceError: the store is not there or refuses; the batch may be there in part.
        """
        batch: dict[bytes, list[bytes]] = {}
        for key, value in fitting(checked(items)):
            batch.setdefault(key, []).append(value)
        if not batch:
            return 0
        generation, written = self._current_or_first(view).generation, ""
        effective = 0
        while generation != written:  # another took its place meanwhile, which may have been made before the batch
            effective, written = self._written(view, generation, batch), generation
            generation = self._current_or_first(view).generation
        return effective

    def read(self, view: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return each key's value in order, ``None`` where there is none."""
        return self.read_many([(view, keys)])[0]

    def read_many(self, asked: Sequence[Asked]) -> list[list[bytes | None]]:
        """Return for each view that is asked, and each of its keys, the value; a hundred of them in one request.

        Raises:
            TransientError, SourceError: the store is not there or refuses.
        """
        current = self._currents([view for view, keys in asked if keys])
        wanted = [
            [place_of(view, each.generation, key) for key in keys] if (each := current.get(view)) else None
            for view, keys in asked
        ]
        found = self._table.get([place for places in wanted if places for place in places])
        values = {place: item["v"]["B"] for place, item in found.items()}
        return [
            [None] * len(keys) if places is None else [values.get(place) for place in places]
            for places, (_, keys) in zip(wanted, asked, strict=True)
        ]

    def count(self, view: str) -> int:
        """Return how many keys a view has, by walking over them."""
        current = self._current(view)
        return sum(self._table.each(self._table.count, buckets(view, current.generation))) if current else 0

    def replace(self, view: str, items: Iterable[tuple[bytes, bytes]], *, snapshot: str) -> None:
        """Let a view hold these values and no others, whatever their stamps, all at once.

        Raises:
            MisuseError: a value is shorter than its stamp, or too large; then everything stays as it was.
            TransientError, SourceError: the store is not there or refuses; then the view stays as it was.
        """
        newest: dict[bytes, bytes] = {}
        for key, value in fitting(checked(items)):
            if value[:STAMP_BYTES] >= newest.get(key, b"")[:STAMP_BYTES]:
                newest[key] = value
        self._require_table()
        self._sweep_superseded(view)
        made = Current(uuid4().hex, snapshot)
        size_bytes = sum(len(key) + len(value) for key, value in newest.items())
        self._record(Generation(view, made.generation, time.time(), 0.0, size_bytes))
        self._table.put([item_of(view, made.generation, key, value) for key, value in newest.items()])
        before = self._current(view)
        if before is not None:
            self._end(view, before.generation)
        self._table.put([current_item(view, made)])
        self._known[view] = (time.monotonic(), made)

    def mark(self, view: str, *, snapshot: str) -> None:
        """Say what a view's values are of from now on; they stay. Raises as ``read_many`` does."""
        made = self._current_or_first(view)._replace(snapshot=snapshot)
        if self._table.put_if(current_item(view, made), "g = :g", {":g": {"S": made.generation}}):
            self._known[view] = (time.monotonic(), made)
        else:
            self._known.pop(view, None)  # a replacement came in between: it counts as the later of the two

    def snapshot(self, view: str) -> str:
        """Return what a view's values were last replaced with, or the empty text."""
        current = self._current(view)
        return current.snapshot if current else ""

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name the views that are not kept, and generations of others that were broken off or no longer count.

        Sizes are those that generations had when they were made.
        """
        if not self._is_there():
            return []
        found: dict[str, Leftover] = {}
        for each in self._generations():
            key = view_key(each.view)
            if not is_kept(key):
                size_bytes = each.size_bytes + (found[key].size_bytes if key in found else 0)
                found[key] = Leftover(key, size_bytes, VIEW)
            elif self._is_past(each):
                found[f"{each.view}/{each.name}"] = Leftover(f"{each.view}/{each.name}", each.size_bytes, STAGED)
        return [found[key] for key in sorted(found)]

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what ``leftovers`` named, and nothing else."""
        named = {each.key for each in found}
        if not named:
            return
        going = list(self._generations())
        for view in {each.view for each in going if view_key(each.view) in named}:
            self._table.delete([(view, NOW)])
            self._known.pop(view, None)
        for each in going:
            if view_key(each.view) in named or (f"{each.view}/{each.name}" in named and self._is_past(each)):
                self._drop(each)

    def _currents(self, views: Sequence[str]) -> dict[str, Current | None]:
        """Tell which generations count, as of the last second."""
        oldest = time.monotonic() - KNOWN_S
        known = {view: self._known.get(view, (oldest - 1, None)) for view in views}
        stale = [view for view, (at, _) in known.items() if at < oldest]
        found = self._look(stale) if stale else {}
        return {view: found[view] if view in found else known[view][1] for view in views}

    def _current(self, view: str) -> Current | None:
        """Tell which generation counts right now."""
        return self._look([view])[view]

    def _look(self, views: Sequence[str]) -> dict[str, Current | None]:
        began = time.monotonic()
        found = self._table.get([(view, NOW) for view in views]) if self._is_there() else {}
        current: dict[str, Current | None] = {}
        for view in views:
            item = found.get((view, NOW))
            current[view] = Current(item["g"]["S"], item["n"]["S"]) if item else None
            self._known[view] = (began, current[view])
        return current

    def _current_or_first(self, view: str) -> Current:
        self._require_table()
        current = self._current(view)
        if current is not None:
            return current
        first = Current(uuid4().hex, "")
        self._record(Generation(view, first.generation, time.time(), 0.0, 0))
        if self._table.put_if(current_item(view, first), "attribute_not_exists(p)"):
            self._known[view] = (time.monotonic(), first)
            return first
        return self._current(view) or first  # another writer came first

    def _written(self, view: str, generation: str, batch: Mapping[bytes, Sequence[bytes]]) -> int:
        """Lay a batch over a generation; return how many values took effect."""

        def put(entry: tuple[bytes, Sequence[bytes]]) -> int:
            key, values = entry
            return sum(self._put_newer(item_of(view, generation, key, value)) for value in values)

        return sum(self._table.each(put, list(batch.items())))

    def _put_newer(self, item: dict[str, Any]) -> bool:
        return self._table.put_if(item, "attribute_not_exists(s) OR s <= :s", {":s": item["s"]})

    def _is_there(self) -> bool:
        self._is_made = self._is_made or self._table.is_there()
        return self._is_made

    def _require_table(self) -> None:
        if not self._is_there():
            self._table.make()
            self._is_made = True

    def _record(self, made: Generation) -> None:
        self._table.put([generation_item(made)])

    def _end(self, view: str, name: str) -> None:
        """Put on record that another takes a generation's place, before it does: what counts is never swept."""
        bare = Generation(view, name, 0.0, 0.0, 0)
        found = self._table.get([record_of(bare)]).values()
        self._record(next(map(generation_of, found), bare)._replace(ended=time.time()))

    def _generations(self) -> Iterator[Generation]:
        return map(generation_of, self._table.query(GENERATIONS))

    def _sweep_superseded(self, view: str) -> None:
        for each in list(self._generations()):
            if each.view == view and each.ended and self._is_past(each):
                self._drop(each)

    def _is_past(self, generation: Generation) -> bool:
        """Tell whether nobody reads a generation any more, and nobody goes on with it."""
        ago = GRACE_S if generation.ended else ABANDONED_S
        if time.time() - max(generation.begun, generation.ended) < ago:
            return False
        current = self._current(generation.view)
        return current is None or current.generation != generation.name

    def _drop(self, generation: Generation) -> None:
        for bucket in buckets(generation.view, generation.name):
            self._table.delete(self._table.keys(bucket))
        self._table.delete([record_of(generation)])

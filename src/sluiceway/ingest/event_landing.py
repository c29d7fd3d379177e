"""Event landing: what arrived of a topic since the last time, written as parts that follow from the topic alone."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa

from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.event_landing import EventLanding, EventPart, LandedPartition, event_landing_key
from sluiceway.artifacts.object_keys import object_key
from sluiceway.core.digest import sha256_hex
from sluiceway.core.errors import SourceError
from sluiceway.ingest.landed_events import known_event_landing
from sluiceway.plans.corrections import KNOWN
from sluiceway.plans.parquet_part import decode_part, encode_part
from sluiceway.ports.event_source import EventBatch, EventSource
from sluiceway.ports.object_store import ObjectStore
from sluiceway.streams.decoding import Opener, RowDecoder
from sluiceway.streams.landed_rows import as_json

PART_ROWS, PART_BYTES = 100_000, 16 << 20
MOST, WAIT_S, QUIET_S = 20_000, 0.2, 15.0
SCHEMA = pa.schema([pa.field("offset", pa.int64(), nullable=False), pa.field("value", pa.binary(), nullable=False)])


@dataclass(slots=True)
class _Open:
    """The part of a partition that further messages are added to, and where the partition is."""

    at: LandedPartition
    number: int = 0
    offsets: list[int] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    value_bytes: int = 0
    is_new: bool = False

    @property
    def is_full(self) -> bool:
        return len(self.offsets) >= PART_ROWS or self.value_bytes >= PART_BYTES


@dataclass(slots=True)
class EventLander:
    """Lands one source's topic. A message is landed once, by its partition and offset, and late ones like others.

    A part ends where so many rows or bytes are in it, and the last one of a partition is written anew with what comes:
    so the same messages give the same parts, in however many pieces they came. What is no row is left out, by the same
    check that the stream has. ``origin`` is the kind of place and the topic.
    """

    source: str
    origin: tuple[str, str]
    events: EventSource
    decoder: RowDecoder
    opened: Opener | None
    objects: ObjectStore
    now: datetime
    clock: Callable[[], float] = time.monotonic
    _open: dict[int, _Open] = field(default_factory=dict)
    _parts: dict[tuple[int, int, int], EventPart] = field(default_factory=dict)
    _landing: EventLanding = field(init=False)

    def land(self) -> tuple[EventLanding, int]:
        """Bring in what is there now; return the landing, and how many rows are new.

        A kill at any moment leaves the landing as it was, or further on.

        Raises:
            SourceError: nobody answers, or the topic was made anew.
            TransientError: the schema registry does not answer.
        """
        before = self._landing = self._known()
        self._parts = {(part.epoch, part.partition, part.number): part for part in before.parts}
        try:
            self._bring_in(before)
        finally:
            self.events.close(self)
        return self._landing, self._landing.rows - before.rows

    def _bring_in(self, before: EventLanding) -> None:
        count = self.events.partition_count()
        ends = self.events.ends()
        missing = sorted(set(range(count)) - set(ends))
        if missing:
            raise SourceError(f"topic {self.origin[1]!r}: nobody tells how far partition {missing[0]} goes; try again")
        known = {each.partition: each for each in before.partitions}
        self._open = {number: _Open(known.get(number, LandedPartition(number, 0))) for number in range(count)}
        if self._is_behind(ends) or self._is_short(ends):
            self._take_back()
            self._drain(ends)

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """Begin each partition behind what has landed."""
        return {number: self._open[number].at.offset for number in partitions if number in self._open}

    def revoked(self, partitions: Sequence[int]) -> None:
        """Nothing is held that another could want."""

    def _known(self) -> EventLanding:
        found = known_event_landing(self.source, self.objects)
        if found is None:
            return EventLanding(self.source, self.origin)
        if found.origin != self.origin:
            return EventLanding(self.source, self.origin, found.epoch + 1, found.parts)
        return found

    def _is_behind(self, ends: Mapping[int, int]) -> bool:
        """Whether there is more than has landed."""
        return any(self._open[number].at.offset < end for number, end in ends.items())

    def _is_short(self, ends: Mapping[int, int]) -> bool:
        """Whether there is less than has landed."""
        return any(self._open[number].at.offset > end for number, end in ends.items())

    def _check_ends(self) -> None:
        for number, end in sorted(self.events.ends().items()):
            landed = self._open[number].at.offset
            if end < landed:
                raise SourceError(
                    f"source {self.source!r}: {landed:,} messages of partition {number} of topic {self.origin[1]!r} "
                    f"have landed, but it has {end:,}: it was made anew, or is another one. What landed is safe. Give "
                    "the new topic a name of its own, and declare it"
                )

    def _take_back(self) -> None:
        """Go on with the last part of each partition, unless it is full."""
        for partition, mine in self._open.items():
            numbers = [key[2] for key in self._parts if key[:2] == (self._landing.epoch, partition)]
            mine.number = max(numbers, default=0)
            last = self._parts.get((self._landing.epoch, partition, mine.number))
            if last is not None:
                table = decode_part(self.objects.get(object_key(last.sha256)))
                mine.offsets, mine.values = table["offset"].to_pylist(), table["value"].to_pylist()
                mine.value_bytes = last.value_bytes
                if mine.is_full:
                    self._open[partition] = _Open(mine.at, mine.number + 1)

    def _drain(self, ends: Mapping[int, int]) -> None:
        quiet_from = self.clock()
        while self._is_behind(ends) or self._is_short(self.events.ends()):
            batches = self.events.poll(self, most=MOST, wait_s=WAIT_S)
            filled = [self._take(batch) for batch in batches]
            if any(filled):
                self._commit()
            if batches:
                quiet_from = self.clock()
            elif self.clock() - quiet_from > QUIET_S:
                self._check_ends()  # some brokers know their end only when they are read
                break  # what is between here and the end are no messages, or come another time
        self._commit()

    def _take(self, batch: EventBatch) -> bool:
        """Add a batch to its partition's part; tell whether a part became full."""
        mine, filled = self._open[batch.partition], False
        new = [place for place, offset in enumerate(batch.offsets) if offset >= mine.at.offset]
        if not new:
            return False
        offsets, values = [batch.offsets[place] for place in new], [batch.values[place] for place in new]
        decoded = self.decoder.decode(offsets, values)
        dead = {offset for offset, *_ in decoded.poison}
        known = decoded.rows.get_column(KNOWN).max() if len(decoded.rows) else None
        watermark = max((each for each in (mine.at.watermark, known) if isinstance(each, int)), default=None)
        at = LandedPartition(batch.partition, offsets[-1] + 1, watermark, mine.at.dead + len(dead))
        for offset, value in zip(offsets, values, strict=True):
            if offset in dead:
                continue
            if mine.is_full:
                self._keep(batch.partition, mine)
                mine, filled = _Open(at, mine.number + 1), True
            kept = value if self.opened is None else as_json(self.opened(value))
            mine.offsets.append(offset)
            mine.values.append(kept)
            mine.value_bytes += len(kept)
            mine.is_new = True
        mine.at = at
        self._open[batch.partition] = mine
        return filled

    def _keep(self, partition: int, mine: _Open) -> None:
        batch = pa.record_batch([pa.array(mine.offsets, pa.int64()), pa.array(mine.values, pa.binary())], SCHEMA)
        data = encode_part([batch], SCHEMA)
        digest = sha256_hex(data)
        self.objects.put(object_key(digest), data)
        self._parts[self._landing.epoch, partition, mine.number] = EventPart(
            self._landing.epoch, partition, mine.number, digest, len(data), len(mine.offsets), mine.value_bytes,
            self.now.date().isoformat(),
        )  # fmt: skip
        mine.is_new = False

    def _commit(self) -> None:
        """Keep the parts, then write down that they belong to the landing: in this order a kill changes nothing."""
        for partition, mine in self._open.items():
            if mine.is_new:
                self._keep(partition, mine)
        self._landing = replace(
            self._landing,
            parts=tuple(self._parts[key] for key in sorted(self._parts)),
            partitions=tuple(mine.at for _, mine in sorted(self._open.items())),
        )
        self.objects.put(event_landing_key(self.source), encode(self._landing))

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
from sluiceway.ports.event_source import EventBatch, EventSource, Lag, Position
from sluiceway.ports.object_store import ObjectStore
from sluiceway.streams.decoding import Opener, RowDecoder
from sluiceway.streams.landed_rows import as_json

PART_ROWS, PART_BYTES = 100_000, 16 << 20
MOST, WAIT_S, QUIET_S = 20_000, 0.2, 15.0
SCHEMA = pa.schema([pa.field("offset", pa.int64(), nullable=False), pa.field("value", pa.binary(), nullable=False)])


@dataclass(slots=True)
class _Open:
    """The part of a lane that further messages are added to; ``before`` rows of the lane are in other parts."""

    number: int = 0
    before: int = 0
    offsets: list[int] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    value_bytes: int = 0
    is_new: bool = False

    @property
    def is_full(self) -> bool:
        return len(self.offsets) >= PART_ROWS or self.value_bytes >= PART_BYTES

    def add(self, offset: int, value: bytes) -> None:
        self.offsets.append(offset)
        self.values.append(value)
        self.value_bytes += len(value)
        self.is_new = True


@dataclass(slots=True)
class EventLander:
    """Lands one source's topic. A message is landed once, by its partition and offset, and late ones like others.

    A part ends where so many rows or bytes are in it, and the last one of a partition is written anew with what comes:
    so the same messages give the same parts, in however many pieces they came. Where a partition is made of lanes, in
    whatever order these were read, each has parts of its own, with its rows numbered. What is no row is left out,
    by the same check that the stream has. ``origin`` is the kind of place and the topic.
    """

    source: str
    origin: tuple[str, str]
    events: EventSource
    decoder: RowDecoder
    opened: Opener | None
    objects: ObjectStore
    now: datetime
    clock: Callable[[], float] = time.monotonic
    _at: dict[int, LandedPartition] = field(default_factory=dict)
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
        self._landing = self._landing.marked()
        if self._landing != before:
            self.objects.put(event_landing_key(self.source), encode(self._landing))
        return self._landing, self._landing.rows - before.rows

    def _bring_in(self, before: EventLanding) -> None:
        count = self.events.partition_count()
        known = {each.partition: each for each in before.partitions}
        self._at = {number: known.get(number, LandedPartition(number, 0)) for number in range(count)}
        lags = self._lags()
        missing = sorted(set(range(count)) - set(lags))
        if missing:
            raise SourceError(f"topic {self.origin[1]!r}: nobody tells how far partition {missing[0]} goes; try again")
        if any(lag.messages != 0 for lag in lags.values()):
            self._drain(lags)

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, Position]:
        """Begin each partition behind what has landed."""
        return {number: _position(self._at[number]) for number in partitions if number in self._at}

    def revoked(self, partitions: Sequence[int]) -> None:
        """Nothing is held that another could want."""

    def _known(self) -> EventLanding:
        found = known_event_landing(self.source, self.objects)
        if found is None:
            return EventLanding(self.source, self.origin)
        if found.origin != self.origin:
            return EventLanding(self.source, self.origin, found.epoch + 1, found.parts, points=found.points)
        return found

    def _lags(self) -> dict[int, Lag]:
        return self.events.lags({number: _position(at) for number, at in self._at.items()})

    def _check_ends(self) -> None:
        for number, lag in sorted(self._lags().items()):
            landed = self._at[number].offset
            if lag.messages is not None and lag.messages < 0:
                raise SourceError(
                    f"source {self.source!r}: {landed:,} messages of partition {number} of topic {self.origin[1]!r} "
                    f"have landed, but it has {landed + lag.messages:,}: it was made anew, or is another one. What "
                    "landed is safe. Bring the old one back, or declare the new one by a name of its own: "
                    f"stream=sw.topic({self.origin[1] + '_2'!r})"
                )

    def _drain(self, lags: Mapping[int, Lag]) -> None:
        """Bring in what was there in the beginning, and not all that arrives meanwhile."""
        ends = {number: self._at[number].offset + (lag.messages or 0) for number, lag in lags.items()}
        unknown = {number for number, lag in lags.items() if lag.messages is None}
        quiet_from = self.clock()
        while True:
            if all(self._at[number].offset >= end for number, end in ends.items()):
                lags = self._lags()
                unknown -= {number for number, lag in lags.items() if lag.is_none}
                if not unknown and all((lag.messages or 0) >= 0 for lag in lags.values()):
                    break
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
        """Add a batch to the parts of its lanes; tell whether one became full."""
        at, filled = self._at[batch.partition], False
        new = [place for place, offset in enumerate(batch.offsets) if offset >= at.offset]
        if not new:
            return False
        offsets, values = [batch.offsets[place] for place in new], [batch.values[place] for place in new]
        decoded = self.decoder.decode(offsets, values)
        dead = {offset for offset, *_ in decoded.poison}
        known = decoded.rows.get_column(KNOWN).max() if len(decoded.rows) else None
        watermark = max((each for each in (at.watermark, known) if isinstance(each, int)), default=None)
        for place, offset, value in zip(new, offsets, values, strict=True):
            if offset in dead:
                continue
            lane = batch.origin(place)[0]
            mine = self._lane(lane)
            if mine.is_full:
                self._keep(lane, mine)
                mine = self._open[lane] = _Open(mine.number + 1, mine.before + len(mine.offsets))
                filled = True
            kept = value if self.opened is None else as_json(self.opened(value))
            mine.add(mine.before + len(mine.offsets) if batch.origins else offset, kept)
        self._at[batch.partition] = LandedPartition(
            batch.partition, offsets[-1] + 1, watermark, at.dead + len(dead), batch.mark, at.missed + batch.missed
        )
        return filled

    def _lane(self, lane: int) -> _Open:
        """Go on with the last part of a lane, unless it is full."""
        if lane not in self._open:
            parts = [part for key, part in sorted(self._parts.items()) if key[:2] == (self._landing.epoch, lane)]
            mine = _Open()
            if parts:
                last, rows = parts[-1], sum(part.rows for part in parts)
                table = decode_part(self.objects.get(object_key(last.sha256)))
                offsets, values = table["offset"].to_pylist(), table["value"].to_pylist()
                mine = _Open(last.number, rows - last.rows, offsets, values, last.value_bytes)
                if mine.is_full:
                    mine = _Open(last.number + 1, rows)
            self._open[lane] = mine
        return self._open[lane]

    def _keep(self, lane: int, mine: _Open) -> None:
        batch = pa.record_batch([pa.array(mine.offsets, pa.int64()), pa.array(mine.values, pa.binary())], SCHEMA)
        data = encode_part([batch], SCHEMA)
        digest = sha256_hex(data)
        self.objects.put(object_key(digest), data)
        self._parts[self._landing.epoch, lane, mine.number] = EventPart(
            self._landing.epoch, lane, mine.number, digest, len(data), len(mine.offsets), mine.value_bytes,
            self.now.date().isoformat(),
        )  # fmt: skip
        mine.is_new = False

    def _commit(self) -> None:
        """Keep the parts, then write down that they belong to the landing: in this order a kill changes nothing."""
        for lane, mine in self._open.items():
            if mine.is_new:
                self._keep(lane, mine)
        self._landing = replace(
            self._landing,
            parts=tuple(self._parts[key] for key in sorted(self._parts)),
            partitions=tuple(at for _, at in sorted(self._at.items())),
        )
        self.objects.put(event_landing_key(self.source), encode(self._landing))


def _position(at: LandedPartition) -> Position:
    return Position(at.offset, at.mark)

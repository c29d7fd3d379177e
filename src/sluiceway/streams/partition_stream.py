"""A partition's stream: the state of its views, taken over from the store, changed by batches, and committed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.core.errors import ConflictError
from sluiceway.plans.corrections import KNOWN
from sluiceway.ports.event_source import EventBatch, EventSource, Position
from sluiceway.ports.pane_store import PaneCommit, PaneStore
from sluiceway.ports.schema_registry import SchemaRegistry
from sluiceway.ports.side_channel import DEAD, LATE, LATE_FOR, Aside, SideChannel
from sluiceway.streams.decoding import OFFSET, Decoded, RowDecoder
from sluiceway.streams.partition_header import PartitionHeader, pack_header, unpack_header
from sluiceway.streams.seeds import Seeds
from sluiceway.streams.stream_plan import StreamPlan
from sluiceway.streams.topic_keys import TopicKeys
from sluiceway.streams.view_stream import ViewStream

MOST_VALUES = 5_000  # served values a commit: whoever reads the store waits for it, some milliseconds for so many


@dataclass(frozen=True, slots=True)
class Backends:
    """What a stream reads from and writes to."""

    events: EventSource
    panes: PaneStore
    side: SideChannel
    schemas: SchemaRegistry | None = None


class PartitionStream:
    """One owned partition. After an error it is of no use: the store knows what was committed, so load it again."""

    def __init__(
        self,
        plan: StreamPlan,
        number: int,
        *,
        panes: PaneStore,
        side: SideChannel | None = None,
        owner: str,
        now_us: Callable[[], int],
        partitions: int = 0,
    ) -> None:
        """Take the partition over, and load what is stored: whoever had it can commit no more.

        Args:
            plan: The stream.
            number: Which partition.
            panes: Its state is there.
            side: Takes what is late or dead; who learns no messages needs none.
            owner: Who takes it over.
            now_us: Tells when values are written.
            partitions: How many the topic has; it is kept with one that is begun.

        Raises:
            ConflictError: another took it over meanwhile.
            TransientError: the store did not answer.
        """
        self.number, self._plan, self._now_us = number, plan, now_us
        self._panes, self._side = panes, side
        self._name = plan.partition(number)
        self._stored = panes.header(self._name)
        self.header = found = unpack_header(self._stored) or PartitionHeader(owner=owner)
        counted = found.partitions if found.partitions and (found.offset or not partitions) else partitions
        self._put(msgspec.structs.replace(found, owner=owner, views=plan.digests, partitions=counted))
        stored, rows = panes.load(self._name)
        if stored != self._stored:
            raise ConflictError(f"the stream of {self._name} was taken over by another worker while it was loaded")
        self._views = [ViewStream(view, plan.kinds, lateness=plan.lateness) for view in plan.views]
        for view in self._views:
            view.restore(rows, found.watermark)
        self._keys = TopicKeys(plan) if plan.parted_by else None
        self._met = self._keys.met(rows) if self._keys else set()
        self._seeds = Seeds(panes, plan.seeds, number)

    def take(self, batch: EventBatch, decoder: RowDecoder) -> Decoded:
        """Learn a batch and commit it; messages from before the offset were learnt already.

        Raises:
            ConflictError: another owns the partition by now.
            TransientError: the store or the side channel did not answer.
            TypeError: it was taken over without a side channel, and some are late or dead.
        """
        offsets, values = _behind(batch, self.header.offset)
        decoded = decoder.decode(offsets, values)
        known = decoded.rows.get_column(KNOWN).max() if len(decoded.rows) else None
        watermark = _greatest(self.header.watermark, known)
        self._meet(decoded.rows, watermark)
        late = self._learn(decoded.rows)
        if late or decoded.poison:
            if self._side is None:
                raise TypeError(f"{self._name} was taken over without a side channel, so it learns no messages")
            self._side.put(self._plan.source.name, _asides(batch, decoded, late, self._now_us()))
        if offsets:
            self._go_on(
                position=Position(offsets[-1] + 1, batch.mark),
                watermark=watermark,
                counts=(len(offsets), len(late), len(decoded.poison), batch.missed),
            )
        return decoded

    def advance(self, watermark: int) -> None:
        """Let time go on without a message, and commit what changes.

        Raises:
            ConflictError: another owns the partition by now.
            TransientError: the store did not answer.
        """
        if self.header.watermark is None or watermark > self.header.watermark:
            self._go_on(position=self.header.position, watermark=watermark)

    def renew(self) -> None:
        """Commit that the owner is still at work, though nothing changed.

        Raises:
            ConflictError: another owns the partition by now.
            TransientError: the store did not answer.
        """
        self._commit(self.header)

    def release(self) -> None:
        """Commit that nobody owns the partition, so that who comes next need not wait to see. Raises as ``renew``."""
        self._commit(msgspec.structs.replace(self.header, owner=""))

    def seal(self, rows: pl.DataFrame, landed: LandedPartition, *, is_alone: bool) -> None:
        """Take over from batch what can change no more, and commit it (see ``ViewStream.seal``).

        Args:
            rows: All that batch has of the source.
            landed: What of this partition is in it.
            is_alone: Whether the topic has no other partition; else keys that this one never met are another's.

        Raises:
            ConflictError: another owns the partition by now.
            TransientError: the store did not answer.
        """
        mine, watermark = self.header.watermark, sealed_through(self.header, landed)
        if mine is None or watermark is None:
            return
        if not is_alone and self._keys is not None:
            rows = self._keys.chosen(rows, self._met, inside=True)
        for view in self._views:
            view.seal(rows, watermark, mine=mine)
        self._go_on(position=self.header.position, watermark=mine)

    def _meet(self, rows: pl.DataFrame, watermark: int | None) -> None:
        """Take the seeds over of keys that were not met before."""
        met = self._keys.of_rows(rows) - self._met if self._keys else set()
        if met:
            seeds = self._seeds.of(met, before=self.header.watermark, after=watermark)
            for view in self._views:
                view.adopt(seeds)
            self._met |= met

    def _learn(self, rows: pl.DataFrame) -> dict[int, list[str]]:
        """Let each view learn the rows that are not late for it; return the late ones' offsets with the views."""
        late: dict[int, list[str]] = {}
        for view in self._views:
            marks = view.late(rows, self.header.watermark)
            view.take(rows if marks is None else rows.filter(~marks))
            for offset in () if marks is None else rows.get_column(OFFSET).filter(marks):
                late.setdefault(offset, []).append(view.view.name)
        return late

    def _go_on(self, *, position: Position, watermark: int | None, counts: Sequence[int] = (0, 0, 0, 0)) -> None:
        if watermark is not None:
            for view in self._views:
                view.advance(watermark)
        header = self.header
        self._commit(
            msgspec.structs.replace(
                header,
                offset=position.offset,
                mark=position.mark,
                watermark=watermark,
                events=header.events + counts[0],
                late=header.late + counts[1],
                dead=header.dead + counts[2],
                missed=header.missed + counts[3],
            )
        )

    def _commit(self, header: PartitionHeader) -> None:
        """Commit what changed with the header; of many served values, most go ahead of it.

        Those are what they will be: whoever is killed in between is followed by one that learns the same again.
        """
        if header.watermark is None:
            self._put(header)
            return
        parts = [view.writes(header.watermark, self._now_us()) for view in self._views]
        online = [value for part in parts for value in part.online]
        while len(online) > MOST_VALUES:
            self._put(self.header, online=online[:MOST_VALUES])
            online = online[MOST_VALUES:]
        self._put(
            header,
            put=[row for part in parts for row in part.put],
            drop=[key for part in parts for key in part.drop],
            online=online,
            forced=[value for part in parts for value in part.forced],
        )

    def _put(self, header: PartitionHeader, **change: Any) -> None:
        following = msgspec.structs.replace(header, sequence=self.header.sequence + 1, written=self._now_us())
        data = pack_header(following)
        self._panes.commit(self._name, PaneCommit(self._stored, data, **change))
        self._stored, self.header = data, following


def _asides(batch: EventBatch, decoded: Decoded, late: dict[int, list[str]], at: int) -> list[Aside]:
    """Tell apart what was dead and what late, by what identifies each message."""
    places = {offset: place for place, offset in enumerate(batch.offsets)}
    dead = [Aside(DEAD, *batch.origin(places[offset]), why, value, at) for offset, value, why in decoded.poison]
    return dead + [
        Aside(LATE, *batch.origin(places[offset]), LATE_FOR + ", ".join(views), batch.values[places[offset]], at)
        for offset, views in sorted(late.items())
    ]


def sealed_through(header: PartitionHeader, landed: LandedPartition) -> int | None:
    """Tell up to when both batch and a partition have what comes in time, in microseconds since the epoch.

    Where all has landed that the partition learnt, that is its own watermark, which goes on in silence too. Offsets do
    not tell it where lanes are read as one, as those who read it number them by themselves.
    """
    if header.watermark is None or (header.offset <= landed.offset and not header.mark):
        return header.watermark
    return None if landed.watermark is None else min(header.watermark, landed.watermark)


def _behind(batch: EventBatch, offset: int) -> tuple[Sequence[int], Sequence[bytes]]:
    if not batch.offsets or batch.offsets[0] >= offset:
        return batch.offsets, batch.values
    kept = [place for place, each in enumerate(batch.offsets) if each >= offset]
    return [batch.offsets[place] for place in kept], [batch.values[place] for place in kept]


def _greatest(left: int | None, right: object) -> int | None:
    if not isinstance(right, int):
        return left
    return right if left is None else max(left, right)

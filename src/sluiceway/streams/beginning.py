"""Beginnings: a stream learns first what its source's table has, so that it never serves less than batch does.

Its partitions then go on behind the messages that are among those rows. A topic that is read as one partition has them
all there. Else nobody here knows in which partition a key lies: the rows become seeds, which wait for whoever meets it.
All partitions begin where the seeds say, so that what is in a seed comes to none of them again.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sluiceway.artifacts.dataset_version import KNOWN_TIME
from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.plans.corrections import KNOWN
from sluiceway.ports.event_source import Position
from sluiceway.ports.pane_store import PaneCommit, PaneStore, Row
from sluiceway.streams.decoding import OFFSET
from sluiceway.streams.partition_header import PartitionHeader, pack_header, unpack_header
from sluiceway.streams.seeds import ANYBODYS, SeedHeader, seed_header, seeds_by_key, write_seeds
from sluiceway.streams.stored_frame import stored_frame
from sluiceway.streams.stream_plan import StreamPlan
from sluiceway.streams.topic_keys import TopicKeys
from sluiceway.streams.view_stream import ViewStream

PIECE_ROWS = 200_000
MOST_ROWS = 5_000  # of state in a commit, and served values: whoever reads the store waits for it

Served = tuple[str, bytes, bytes]
Joined = Callable[[Mapping[int, Position]], Position]


@dataclass(frozen=True, slots=True)
class TableStart:
    """What a source's table has, as its store scans it, and what of its topic's partitions is among that.

    Partitions of which nothing is are left out.
    """

    rows: pl.LazyFrame
    kinds: Mapping[str, str]
    landed: tuple[LandedPartition, ...] = ()

    def newest(self, now: int) -> int | None:
        """Tell when what is known by now became known last; both in microseconds since the epoch."""
        known = self.rows.select(pl.col(KNOWN_TIME).dt.timestamp("us").alias(KNOWN)).filter(pl.col(KNOWN) <= now)
        newest = known.max().collect(engine="streaming").item()
        return newest if isinstance(newest, int) else None

    def pieces(self) -> Iterator[pl.DataFrame]:
        """Read the rows some at a time, as ``stored_frame``; numbered from above, where no message's offset is."""
        number = sys.maxsize
        for piece in self.rows.collect_batches(chunk_size=PIECE_ROWS, maintain_order=False, engine="streaming"):
            frame = stored_frame(piece, self.kinds)
            offsets = pl.int_range(number - len(frame), number, dtype=pl.Int64, eager=True)
            yield frame.with_columns(offsets.alias(OFFSET))
            number -= len(frame)


@dataclass(frozen=True, slots=True)
class _Learnt:
    """Rows of state of all that a table has, and what is served of it."""

    rows: Sequence[Row] = ()
    online: Sequence[Served] = ()


@dataclass(frozen=True, slots=True)
class Beginning:
    """Lets a stream's partitions begin, each once.

    ``table`` tells what is known already, ``None`` where nothing is; ``joined`` where the source goes on that reads
    ``count`` partitions as one, or one; ``owner`` names who does it, and ``now_us`` the wall's time, in microseconds.
    """

    plan: StreamPlan
    table: Callable[[], TableStart | None]
    count: int
    joined: Joined
    panes: PaneStore
    owner: str
    now_us: Callable[[], int]

    def ensure(self, number: int) -> None:
        """Let a partition begin, unless it has. A kill at any moment leaves it to the next one.

        Raises:
            ConflictError: another does it.
            TransientError: the store did not answer.
        """
        header = unpack_header(self.panes.header(self.plan.partition(number)))
        if header is None or not header.is_whole:
            if self.plan.parted_by and self.count > 1:
                self.seed()
                begin_from_seeds(self.plan, number, panes=self.panes, owner=self.owner, now_us=self.now_us)
            else:
                self._whole(header)

    def seed(self) -> None:
        """Let what the table has be seeds, unless the stream has begun. Raises as ``ensure`` does."""
        made = seed_header(self.panes, self.plan.seeds)
        has_begun = made is None and bool(self.panes.partitions(self.plan.partition(0)[:-1]))
        if has_begun or (made is not None and made.is_whole):
            return
        start = self.table()
        if start is None:
            return
        landed = {each.partition: each for each in start.landed}
        begins = tuple(landed.get(number, LandedPartition(number, 0)) for number in range(self.count))
        header = SeedHeader(
            owner=self.owner,
            written=self.now_us(),
            views=self.plan.digests,
            unlanded=tuple(each.partition for each in begins if each.watermark is None),
            begins=begins,
        )
        learnt = self._learnt(start, begins)
        if made is not None:
            self.panes.forget(self.plan.seeds)
        found = seeds_by_key(TopicKeys(self.plan), learnt.rows)
        write_seeds(self.panes, self.plan.seeds, found, header, since=ANYBODYS, online=learnt.online)

    def _whole(self, left: PartitionHeader | None) -> None:
        """Let the only partition hold all that the table has; what another ``left`` unfinished goes."""
        start, name = self.table(), self.plan.partition(0)
        if start is None:
            if left is not None:
                self.panes.forget(name)
            return
        position = self.joined({each.partition: Position(each.offset, each.mark) for each in start.landed})
        known = [each.watermark for each in start.landed if each.watermark is not None]
        header = PartitionHeader(
            owner=self.owner,
            offset=position.offset,
            mark=position.mark,
            watermark=max(known, default=None),
            views=self.plan.digests,
        )
        learnt = self._learnt(start, start.landed)
        if left is not None:
            self.panes.forget(name)
        self._write(name, header, learnt)

    def _learnt(self, start: TableStart, begins: Sequence[LandedPartition]) -> _Learnt:
        """Learn what the table has by now.

        It is served as of the moment up to which all partitions go that have landed, or, where none has, of the newest
        row.
        """
        now = self.now_us()
        reached = [each.watermark for each in begins if each.watermark is not None]
        until = min(reached) if reached else start.newest(now)
        if until is None:
            return _Learnt()
        views = [ViewStream(view, self.plan.kinds, lateness=self.plan.lateness) for view in self.plan.views]
        for view in views:
            view.restore([], until)
        for piece in start.pieces():
            rows = piece.filter(pl.col(KNOWN) <= now).drop_nulls(self.plan.parted_by)
            for view in views:
                view.begin(rows)
        for view in views:
            view.advance(until)
        writes = [view.writes(until, now) for view in views]
        return _Learnt(
            [row for each in writes for row in each.put],
            [value for each in writes for value in (*each.online, *each.forced)],
        )

    def _write(self, name: str, header: PartitionHeader, learnt: _Learnt) -> None:
        """Write what a partition begins with, some at a time; it has begun with the last."""
        rows, online = learnt.rows, learnt.online
        stored, turns = b"", range(0, max(len(rows), len(online), 1), MOST_ROWS)
        for number, at in enumerate(turns):
            upto = at + MOST_ROWS
            following = header.following(sequence=number, written=self.now_us(), is_whole=upto >= turns.stop)
            data = pack_header(following)
            self.panes.commit(name, PaneCommit(stored, data, put=rows[at:upto], online=online[at:upto]))
            stored = data


def begin_from_seeds(plan: StreamPlan, number: int, *, panes: PaneStore, owner: str, now_us: Callable[[], int]) -> bool:
    """Let a partition begin behind what the seeds of its stream have of it, if they say so; tell whether it does.

    Raises:
        ConflictError: another does it.
        TransientError: the store did not answer.
    """
    made = seed_header(panes, plan.seeds)
    begins = made.begins if made is not None and made.is_whole else ()
    for each in begins:
        if each.partition == number:
            header = PartitionHeader(
                owner=owner, offset=each.offset, mark=each.mark, watermark=each.watermark, written=now_us(),
                views=plan.digests,
            )  # fmt: skip
            panes.commit(plan.partition(number), PaneCommit(b"", pack_header(header)))
            return True
    return False

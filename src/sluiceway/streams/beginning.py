"""Beginnings: a stream learns first what its source's table has, so that it never serves less than batch does.

Its partitions then go on behind the messages that are among those rows. A topic that is read as one partition has them
all there. Else nobody here knows in which partition a key lies: the rows become seeds, which wait for whoever meets it.
All partitions begin where the seeds say, so that what is in a seed comes to none of them again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.plans.corrections import KNOWN
from sluiceway.ports.event_source import Position
from sluiceway.ports.pane_store import PaneCommit, PaneStore
from sluiceway.streams.partition_header import PartitionHeader, pack_header, unpack_header
from sluiceway.streams.seeds import ANYBODYS, SeedHeader, StoredSeeds, renewed, seed_header, seeds_by_key
from sluiceway.streams.state_change import StateChange, write_change
from sluiceway.streams.stream_plan import StreamPlan
from sluiceway.streams.table_start import TableStart
from sluiceway.streams.topic_keys import TopicKeys
from sluiceway.streams.view_stream import ViewStream

Joined = Callable[[Mapping[int, Position]], Position]


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
                self._whole()

    def seed(self) -> None:
        """Let what the table has be seeds, unless the stream has begun. Raises as ``ensure`` does."""
        stored = StoredSeeds.load(self.panes, self.plan.seeds)
        has_begun = stored.header is None and bool(self.panes.partitions(self.plan.partition(0)[:-1]))
        if has_begun or (stored.header is not None and stored.header.is_whole):
            return
        start = self.table()
        if start is None:
            return
        landed = {each.partition: each for each in start.landed}
        begins = tuple(landed.get(number, LandedPartition(number, 0)) for number in range(self.count))
        reached = [each.watermark for each in begins if each.watermark is not None]
        header = SeedHeader(
            owner=self.owner,
            written=self.now_us(),
            views=self.plan.digests,
            unlanded=tuple(each.partition for each in begins if each.watermark is None),
            begins=begins,
        )
        learnt = self._learnt(start, min(reached, default=None))
        seeds = renewed(stored, seeds_by_key(TopicKeys(self.plan), learnt.put), since=ANYBODYS)
        change = replace(seeds, online=learnt.online)
        write_change(self.panes, self.plan.seeds, change, header, seen=stored.data, is_beginning=True)

    def _whole(self) -> None:
        """Let the only partition hold all that the table has; what another left unfinished goes."""
        name = self.plan.partition(0)
        seen, left = self.panes.load(name)
        before = unpack_header(seen)
        if before is not None and before.is_whole:
            return
        start = self.table()
        if start is None and before is None:
            return
        start = start or TableStart.nothing()
        position = self.joined({each.partition: Position(each.offset, each.mark) for each in start.landed})
        reached = max((each.watermark for each in start.landed if each.watermark is not None), default=None)
        header = PartitionHeader(
            owner=self.owner,
            offset=position.offset,
            mark=position.mark,
            watermark=reached,
            written=self.now_us(),
            views=self.plan.digests,
        )
        learnt = self._learnt(start, reached)
        here = {key for key, _ in learnt.put}
        change = replace(learnt, drop=[key for key, _ in left if key not in here])
        write_change(self.panes, name, change, header, seen=seen, is_beginning=True)

    def _learnt(self, start: TableStart, reached: int | None) -> StateChange:
        """Learn what the table has by now, and what of it is ahead of now but landed.

        It is served as of the moment up to which partitions have landed, or, where none has, of the newest row.
        """
        now = self.now_us()
        upto = max([now, *(each.watermark for each in start.landed if each.watermark is not None)])
        until = start.newest(upto) if reached is None else reached
        if until is None:
            return StateChange()
        views = [ViewStream(view, self.plan.kinds, lateness=self.plan.lateness) for view in self.plan.views]
        for view in views:
            view.restore([], until)
        for piece in start.pieces():
            rows = piece.filter(pl.col(KNOWN) <= upto).drop_nulls(self.plan.parted_by)
            for view in views:
                view.begin(rows)
        for view in views:
            view.advance(until, is_open=reached is None)
        writes = [view.writes(until, now) for view in views]
        return StateChange(
            put=[row for each in writes for row in each.put],
            online=[value for each in writes for value in (*each.online, *each.forced)],
        )


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
                views=plan.digests, partitions=len(begins),
            )  # fmt: skip
            panes.commit(plan.partition(number), PaneCommit(b"", pack_header(header)))
            return True
    return False

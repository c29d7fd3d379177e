"""Worlds of one topic and one store, in which workers come, go and are killed."""

from itertools import count

import msgspec
from hypothesis import strategies as st
from tests.stream_facts import KINDS, SECOND, compared, facts_of, keyed, message, row_at

from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_panes import MemoryPanes
from sluiceway.adapters.memory_side import MemorySide
from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.plans.packed_value import unpack_value
from sluiceway.ports.event_source import EventBatch
from sluiceway.streams.decoding import RowDecoder
from sluiceway.streams.partition_header import unpack_header
from sluiceway.streams.partition_stream import Backends, PartitionStream
from sluiceway.streams.stream_plan import stream_plan
from sluiceway.streams.table_start import TableStart
from sluiceway.streams.worker import Worker

NOW = 10_000  # seconds since the epoch, after all that rows say


class Killed(BaseException):
    """What a worker meets where it is killed."""


def stream_values(view, online):
    return compared(view, online._views.get(view.digest, {}))


class DeadlyPanes:
    """A pane store at whose commits workers are killed, before or after they took effect."""

    def __init__(self, panes, deaths):
        self._panes, self._deaths, self._calls = panes, deaths, count()

    def commit(self, partition, change):
        death = self._deaths.get(next(self._calls))
        if death == "before":
            raise Killed
        self._panes.commit(partition, change)
        if death == "after":
            raise Killed

    def __getattr__(self, name):
        return getattr(self._panes, name)


class World:
    """One topic, one store, and workers that come and go."""

    def __init__(self, view, partitions, deaths=None):
        self.view = view
        self.plan = stream_plan(view.source, [view], KINDS)
        self.logs = [[] for _ in range(partitions)]
        self.online, self.side = MemoryOnline(), MemorySide()
        self.panes = DeadlyPanes(MemoryPanes(self.online), deaths or {})
        self.decoder = RowDecoder(view.source, KINDS, self.plan.columns)
        self.clock, self.wall, self.table = 0.0, None, lambda: None
        self._names = count()

    def worker(self, events=None):
        """Start a worker that believes that it is alone, or a member of a group."""
        topic = MemoryTopic(0)
        topic.logs = self.logs
        backends = Backends(events or MemoryEvents(topic), self.panes, self.side)
        return Worker(
            self.plan, backends=backends, owner=f"w{next(self._names)}", now_us=self.now,
            follows_wall=self.wall is not None, clock=lambda: self.clock, table=self.table,
        )  # fmt: skip

    def now(self):
        return (NOW if self.wall is None else self.wall) * SECOND

    def owner(self):
        """Take the only partition over."""
        owner = f"o{next(self._names)}"
        return PartitionStream(self.plan, 0, panes=self.panes, side=self.side, owner=owner, now_us=lambda: 0)

    def learn(self, owner, rows, most):
        """Let the owner of the only partition learn the rows that follow for it."""
        begin = owner.header.offset
        values = [message(row) for row in rows[begin : begin + most]]
        owner.take(EventBatch(0, range(begin, begin + len(values)), values), self.decoder)

    def stored(self):
        return unpack_header(self.panes.header(self.plan.partition(0)))

    def step(self, worker, most):
        self.clock += 3.0
        worker.step(most=most, wait_s=0)


DEATHS = st.dictionaries(st.integers(0, 30), st.sampled_from(["before", "after"]), max_size=4)


def finish(world, *, silent_s=None):
    """Let a new worker learn all that is there, and then hear nothing for so long."""
    for _ in range(40):
        try:
            worker = world.worker()
            world.step(worker, 100)
            while not worker.caught_up():
                world.step(worker, 100)
            if silent_s is not None:
                world.clock += silent_s
                world.step(worker, 100)
        except Killed:
            continue
        return worker
    raise AssertionError("it never ends")


def learnt(view, *times, **more):
    """Let a world learn rows of the entity a with these times, event and known, one by one."""
    world = World(view, 1)
    worker = world.worker()
    for event, known in times:
        world.logs[0].append(message(row_at(known, **more) | {"event": event}))
        world.step(worker, 1)
    return world


def counts(world):
    """What is served: the only feature by entity."""
    values = world.online._views.get(world.view.digest, {})
    return {msgspec.msgpack.decode(key)[0]: unpack_value(value).features[0] for key, value in values.items()}


def timed(rows):
    return [row for row in rows if row["known"] is not None and row["event"] is not None]


def table_of(world, rows, landed=()):
    """Let a world's table have some rows, of which some landed: those of each partition, in order."""
    there = timed(keyed(world.view, [*rows, *(row for mine in landed for row in mine)]))
    facts = facts_of(there, 0)
    table = facts.tables.scan(facts.dataset.table("facts"))
    known = [[row["known"] * SECOND for row in timed(keyed(world.view, mine))] for mine in landed]
    at = tuple(LandedPartition(n, len(mine), max(known[n], default=None)) for n, mine in enumerate(landed))
    world.table = lambda: TableStart(table, KINDS, at)

"""Numbered batches against the batch plan: the same bits, however lines are cut, whoever is killed, what is redone."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stream_facts import KEYS, KINDS, ROW, batch_values, message, row_at, view_for
from tests.stream_worlds import DEATHS, DeadlyPanes, Killed, stream_values
from tests.thoroughness import examples

from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_panes import MemoryPanes
from sluiceway.adapters.memory_side import MemorySide
from sluiceway.core.errors import TransientError
from sluiceway.streams.batch_learner import TRIES, BatchLearner
from sluiceway.streams.line_partitions import LinePartitions
from sluiceway.streams.partition_header import unpack_header
from sluiceway.streams.partition_stream import Backends
from sluiceway.streams.stream_plan import stream_plan

VIEWS = st.builds(
    view_for,
    st.sampled_from(KEYS),
    entity=st.sampled_from([("e",), ("e", "code")]),
    kinds=st.sampled_from([("window", "latest"), ("latest",), ("fresh", "latest"), ("event", "latest")]),
    topic_key=st.none(),
)


class Batches:
    """Lines learnt batch by batch, each done again until nobody was killed, and once more where that is wanted."""

    def __init__(self, view, deaths=None):
        self.plan = stream_plan(view.source, [view], KINDS)
        self.online, self.side = MemoryOnline(), MemorySide()
        self.panes = DeadlyPanes(MemoryPanes(self.online), deaths or {})
        self.partitions = LinePartitions(self.plan, latest_us=lambda: 2**60)
        self.names, self.paused = count(), []

    def learner(self, panes=None):
        backends = Backends(MemoryEvents(MemoryTopic()), panes or self.panes, self.side)
        owner = f"l{next(self.names)}"
        return BatchLearner(self.plan, backends=backends, owner=owner, now_us=lambda: 0, pause=self.paused.append)

    def learn(self, batch, lines):
        numbers, knowns = self.partitions.of(lines)
        newest, learner = max((known for known in knowns if known is not None), default=None), self.learner()
        for number in range(self.partitions.count):
            mine = [line for line, its in zip(lines, numbers, strict=True) if its == number]
            learner.learn(batch, number, [mine[:2], mine[2:]] if mine else [], watermark=newest)

    def surely(self, batch, lines):
        for _ in range(40):
            try:
                return self.learn(batch, lines)
            except Killed:
                continue
        raise AssertionError("it never ends")

    def events(self):
        names = (self.plan.partition(number) for number in range(self.partitions.count))
        return sum(unpack_header(self.panes.header(name)).events for name in names)


@given(
    view=VIEWS, rows=st.lists(ROW, min_size=4, max_size=14), cuts=st.lists(st.integers(2, 6), min_size=7, max_size=7),
    again=st.sets(st.integers(0, 6)), deaths=DEATHS,
)  # fmt: skip
@settings(max_examples=examples(6), deadline=None)
def test_batches_end_where_the_batch_plan_does(view, rows, cuts, again, deaths):
    rows = sorted(rows, key=lambda row: (row["known"] or 0) + row["delay"])
    if view.lateness is not None:  # what is late is told by the other partitions' rows as well, batch by batch
        cuts = [1] * len(rows)
    world, place = Batches(view, deaths), 0
    for batch, size in enumerate(cuts):
        lines = [message(row) for row in rows[place : place + size]]
        place += size
        for _ in range(1 + (batch in again)):
            world.surely(batch, lines)
    assert world.events() == len(rows)
    assert stream_values(view, world.online) == batch_values(view, rows)


def test_of_two_that_do_a_batch_at_once_each_line_counts_once():
    world = Batches(view_for("key", entity=("e",), kinds=("window",), topic_key=None))
    lines = [message(row_at(place)) for place in range(6)]
    first, second = world.learner(), world.learner()

    def interrupted():
        yield lines[:3]
        second.learn(0, 0, [lines[:3], lines[3:]], watermark=None)  # it takes the partition over in the middle
        yield lines[3:]

    header = first.learn(0, 0, interrupted(), watermark=5_000_000)
    assert (header.events, header.watermark, len(world.paused)) == (6, 5_000_000, 1)


def test_a_store_that_does_not_answer_is_waited_for_and_then_said():
    world = Batches(view_for("key", entity=("e",), kinds=("window",), topic_key=None))

    class Gone:
        def header(self, partition):
            raise TransientError("the store does not answer")

    with pytest.raises(TransientError, match="does not answer"):
        world.learner(Gone()).learn(0, 0, [], watermark=None)
    assert len(world.paused) == TRIES - 1

"""Streams against the batch plan: the same bits, in whatever order rows arrive, however cut, whoever is killed."""

from itertools import count
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stream_facts import IN_ONE_PARTITION, LATENESS, ROW, SECOND, VIEWS, batch_values, counting, message, row_at
from tests.stream_worlds import DEATHS, Killed, World, counts, finish, learnt, stream_values
from tests.thoroughness import examples

from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.core.errors import SourceError, TransientError
from sluiceway.streams import partition_stream
from sluiceway.streams.partition_stream import MOST_VALUES
from sluiceway.streams.stream_metrics import StreamMetrics
from sluiceway.streams.topic_checks import LOOKS

WALLS = st.none() | st.integers(-4, 10).map(lambda pane: 60 * pane)
STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 7), st.booleans()), min_size=4, max_size=25)


@given(
    view=VIEWS, rows=st.lists(ROW, min_size=4, max_size=24), partitions=st.integers(1, 3), steps=STEPS, deaths=DEATHS,
    wall=WALLS, values=st.sampled_from([1, MOST_VALUES]),
)  # fmt: skip
@settings(max_examples=examples(80), deadline=None)
def test_streams_end_where_the_batch_plan_does(view, rows, partitions, steps, deaths, wall, values):
    with patch.object(partition_stream, "MOST_VALUES", values):  # also where most values go ahead of their commit
        check_end(view, rows, partitions, steps, deaths, wall)


def check_end(view, rows, partitions, steps, deaths, wall):
    rows = sorted(rows, key=lambda row: (row["known"] or 0) + row["delay"])
    partitions = 1 if view.source.key in IN_ONE_PARTITION else partitions
    by_partition = [[row for row in rows if ord(row["e"] or "a") % partitions == each] for each in range(partitions)]
    world = World(view, partitions, deaths)
    workers = [world.worker() for _ in range(3)]
    for place, most, arrives in steps:
        for log, mine in zip(world.logs, by_partition, strict=True):
            if arrives:
                log.extend(map(message, mine[len(log) : len(log) + most]))
        try:
            world.step(workers[place], most)
        except Killed:
            workers[place] = world.worker()
    for log, mine in zip(world.logs, by_partition, strict=True):
        log.extend(map(message, mine[len(log) :]))
    finish(world)
    if wall is not None:
        world.wall = wall + LATENESS
        finish(world, silent_s=700.0)
    wanted = {}
    for mine in by_partition:
        wanted |= batch_values(view, mine, wall=wall)
    assert stream_values(view, world.online) == wanted


def test_a_silent_partition_follows_the_slowest_of_those_that_move():
    world = World(counting(), 3)
    for number, e in enumerate("abc"):
        world.logs[number].append(message(row_at(30, e=e)))
    worker = world.worker()
    world.step(worker, 100)
    for known in range(60, 360, 60):
        world.logs[0].append(message(row_at(known)))
        if known <= 180:
            world.logs[1].append(message(row_at(known, e="b")))
        world.step(worker, 100)
    assert {number: header.watermark for number, header in worker.headers.items()} == {
        0: 300 * SECOND, 1: 180 * SECOND, 2: 180 * SECOND,
    }  # fmt: skip
    assert counts(world) == {"a": 2.0, "b": 2.0, "c": 0.0}


def test_where_nothing_arrives_values_expire_by_the_wall_and_rows_behind_it_are_late():
    world = World(counting(), 1)
    world.logs[0] += [message(row_at(30)), message(row_at(70))]
    world.wall = 100
    worker = world.worker()
    world.step(worker, 100)
    assert counts(world) == {"a": 1.0}
    for wall, wanted in ((150, 1.0), (180, 2.0), (239, 2.0), (240, 1.0), (1000, 0.0)):
        world.wall = wall
        for _ in range(6):
            world.step(worker, 100)
        assert counts(world) == {"a": wanted}
    (header,) = worker.headers.values()
    assert (header.watermark, header.sequence) == (900 * SECOND, 5)
    world.logs[0] += [message(row_at(830)), message(row_at(850)), message(row_at(961))]
    world.step(worker, 100)
    assert [offset for *_, offset in world.side.messages["facts"]] == [2]
    assert counts(world) == {"a": 1.0}


def test_of_two_that_own_a_partition_one_works_and_the_other_takes_over_when_it_is_gone():
    world = World(counting(), 1)
    first, second = world.worker(), world.worker()
    for turn in range(12):
        world.logs[0].append(message(row_at(turn)))
        world.step(first, 100)
        world.step(second, 100)
    assert sum(bool(worker.headers) for worker in (first, second)) == 1
    working, waiting = (first, second) if first.headers else (second, first)
    assert first.caught_up(), "what the other learnt is learnt"
    assert second.caught_up()
    for _ in range(4):
        world.logs[0].append(message(row_at(20)))
        world.step(waiting, 100)
    assert [header.events for header in waiting.headers.values()] == [16]
    world.step(working, 100)
    world.logs[0].append(message(row_at(130)))
    world.step(working, 100)
    assert (working.headers, counts(world)) == ({}, {})
    world.step(waiting, 100)
    assert counts(world) == {"a": 16.0}


def test_a_topic_that_was_made_anew_is_refused_and_not_taken_for_what_was_learnt():
    world = learnt(counting(), (1, 1), (2, 2), (3, 3))
    held = counts(world)
    for log in world.logs:
        del log[1:]
    worker = world.worker()
    for _ in range(LOOKS - 1):
        world.step(worker, 10)
        assert not worker.caught_up()
    with pytest.raises(SourceError, match="partition 0 of topic 'facts' was learnt up to message 3, but ends at 1: it"):
        world.step(worker, 10)
    assert counts(world) == held


def test_a_broker_that_tells_too_early_an_end_at_first_is_asked_again():
    world = learnt(counting(), (1, 1), (2, 2), (3, 3))
    worker, (log,) = world.worker(), world.logs
    told = log[1:]
    del log[1:]
    world.step(worker, 10)
    log.extend(told)
    for _ in range(LOOKS):
        world.step(worker, 10)
    assert worker.caught_up()


def test_a_store_that_does_not_answer_is_asked_again():
    world = World(counting(), 1)
    world.logs[0].extend(message(row_at(known)) for known in (0, 1, 70))
    worker, panes = world.worker(), world.panes
    commit, calls = panes.commit, count()

    def failing(partition, change):
        if next(calls) in {0, 2, 3}:
            raise TransientError("not there")
        commit(partition, change)

    panes.commit = failing
    for _ in range(8):
        world.step(worker, 100)
    assert counts(world) == {"a": 2.0}
    assert [header.events for header in worker.headers.values()] == [3]


def test_while_the_store_does_not_answer_nothing_is_read_and_the_lag_grows():
    world = World(counting(), 1)
    world.logs[0] += [message(row_at(known)) for known in range(3)]
    worker, panes, metrics = world.worker(), world.panes, StreamMetrics()
    worker._metrics, source = metrics, worker._events
    world.step(worker, 100)
    commit, load = panes.commit, panes.load
    panes.commit = panes.load = lambda *_: (_ for _ in ()).throw(TransientError("the store is gone"))
    world.logs[0] += [message(row_at(known)) for known in range(3, 10)]
    world.step(worker, 2)
    read = dict(source._next)
    for _ in range(5):
        world.step(worker, 2)
        worker.measure()
    assert dict(source._next) == read
    assert worker.waiting == {"facts, partition 0": "the store is gone"}
    assert shown(metrics) == {"events": 3.0, "lag": 7.0, "owned": 0.0}
    panes.commit, panes.load = commit, load
    for _ in range(5):
        world.step(worker, 2)
    worker.measure()
    assert worker.waiting == {}
    assert shown(metrics) == {"events": 10.0, "lag": 0.0, "owned": 1.0}


def shown(metrics):
    labels = {"source": "facts", "partition": "0"}
    names = ("events", "lag", "owned")
    return {name: metrics.registry.get_sample_value(f"sluiceway_stream_{name}", labels) for name in names}


def test_a_silent_partition_follows_those_that_other_workers_own():
    world = World(counting(), 2)
    topic = MemoryTopic(0)
    topic.logs = world.logs
    workers = [world.worker(events=MemoryEvents(topic)) for _ in range(2)]
    for number, e in enumerate("ab"):
        world.logs[number].append(message(row_at(30, e=e)))
    for known in range(60, 360, 60):
        world.logs[0].append(message(row_at(known)))
        for worker in workers:
            world.step(worker, 100)
    assert [sorted(worker.headers) for worker in workers] == [[0], [1]]
    assert [worker.headers[n].watermark for n, worker in enumerate(workers)] == [300 * SECOND] * 2
    assert counts(world) == {"a": 2.0, "b": 0.0}

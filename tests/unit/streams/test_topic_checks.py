"""A topic that was widened is refused before anything of it is learnt; what it let go is counted."""

import pytest
from tests.stream_facts import counting, message, row_at
from tests.stream_worlds import World, counts

from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.cli.stream_work import StreamWork
from sluiceway.core.errors import SourceError
from sluiceway.streams.stream_metrics import StreamMetrics
from sluiceway.streams.topic_checks import COUNT_EVERY_S

WIDER = "has 3 partitions, and had 2 when it was learnt"


def learning(world, known=70):
    """Let every partition show a row."""
    for number, log in enumerate(world.logs):
        log.append(message(row_at(known, e=f"e{number}")))


def test_a_worker_that_runs_notices_that_partitions_were_added():
    world = World(counting(), 2)
    worker = world.worker()
    learning(world)
    world.step(worker, 100)
    world.logs.append([])
    world.clock += COUNT_EVERY_S
    learning(world, 90)
    with pytest.raises(SourceError, match=WIDER):
        world.step(worker, 100)
    assert world.stored().offset == 1  # what came since is not learnt


@pytest.mark.parametrize("owns", [[0, 1, 2], [2]])
def test_so_does_one_that_begins_also_with_a_new_partition_alone(owns):
    world = World(counting(), 2)
    learning(world)
    first = world.worker()
    world.step(first, 100)
    first.close()
    world.logs.append([])
    learning(world, 90)

    class Dealt(MemoryEvents):
        def _rebalance(self, ownership):
            if not self._next:
                begins = ownership.assigned(owns)
                self._next.update({number: position.offset for number, position in begins.items()})

    topic = MemoryTopic(0)
    topic.logs = world.logs
    for _ in range(2):  # to try again changes nothing
        with pytest.raises(SourceError, match=WIDER):
            world.step(world.worker(Dealt(topic)), 100)
    assert world.stored().offset == 1


def test_a_topic_that_was_widened_before_anything_was_learnt_is_learnt():
    world = World(counting(), 2)
    world.step(world.worker(), 100)
    world.logs.append([])
    learning(world)
    worker = world.worker()
    for _ in range(4):
        world.clock += COUNT_EVERY_S
        world.step(worker, 100)
    assert [header.events for header in worker.headers.values()] == [1, 1, 1]


def test_messages_that_were_let_go_before_they_were_learnt_are_counted_and_said(capsys):
    world, topic = World(counting(), 1), MemoryTopic(1)
    rows = [row_at(10 * place) for place in range(20)]
    topic.append(0, map(message, rows[:10]))
    topic.let_go(0, 4)  # before the stream began
    metrics = StreamMetrics()
    worker = world.worker(MemoryEvents(topic))
    worker._metrics = metrics
    world.step(worker, 3)
    assert worker.missed == {}
    topic.append(0, map(message, rows[10:]))
    worker.close()
    topic.let_go(0, 12)
    worker = world.worker(MemoryEvents(topic))
    worker._metrics = metrics
    for _ in range(3):
        world.step(worker, 3)
    assert (worker.headers[0].missed, worker.headers[0].events, counts(world)) == (5, 11, {"a": 7.0})
    worker.measure()
    assert metrics.registry.get_sample_value("sluiceway_stream_missed", {"source": "facts", "partition": "0"}) == 5
    work = StreamWork.__new__(StreamWork)
    work._workers = {"facts": worker}
    said = work._tell_missed({})
    assert "facts, partition 0: 5 messages were gone from the topic" in capsys.readouterr().err
    assert work._tell_missed(said) == said
    assert capsys.readouterr().err == ""

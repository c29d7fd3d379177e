"""Who works where the source deals nothing out: one, until it leaves, dies or is overtaken; and never both."""

import json
from datetime import UTC, datetime, timedelta

import pytest

import sluiceway as sw
from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_panes import MemoryPanes
from sluiceway.adapters.memory_side import MemorySide
from sluiceway.streams.partition_header import unpack_header
from sluiceway.streams.partition_stream import Backends, PartitionStream
from sluiceway.streams.standing_by import RUN, STAND_BY_S
from sluiceway.streams.stream_plan import stream_plan
from sluiceway.streams.worker import Worker

KINDS = {"e": "text", "x": "integer", "t": "time"}
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


class Scene:
    """A topic that nobody deals out, workers by name, and a clock that is moved."""

    def __init__(self):
        source = sw.Source("facts", sql="unused", event_time="t", stream=sw.topic("facts", clock="events"))
        view = sw.FeatureView("v", "e", source, [sw.sum("x", over="1h")], every="1m")
        self.plan = stream_plan(source, [view], KINDS)
        self.topic, self.online, self.now, self.sent = MemoryTopic(), MemoryOnline(), 0.0, 0
        self.panes = MemoryPanes(self.online)
        self.workers = {}

    def start(self, name):
        backends = Backends(MemoryEvents(self.topic, is_dealt=False), self.panes, MemorySide())
        self.workers[name] = Worker(
            self.plan, backends=backends, owner=name, now_us=lambda: 0, clock=lambda: self.now, follows_wall=False
        )

    def send(self, count=1):
        for _ in range(count):
            at = (BEGIN + timedelta(seconds=self.sent)).isoformat()
            self.topic.append(0, [json.dumps({"e": "a", "x": 1, "t": at}).encode()])
            self.sent += 1

    def turn(self, *names, seconds=1.0):
        """Let time pass, and workers work; return what each learnt."""
        self.now += seconds
        return [self.workers[name].step(wait_s=0) for name in names]

    @property
    def header(self):
        return unpack_header(self.panes.header(self.plan.partition(0)))


@pytest.fixture
def scene():
    made = Scene()
    made.start("first")
    made.send()
    assert made.turn("first") == [1]
    made.start("second")
    return made


def test_a_second_worker_leaves_one_alone_that_is_at_work_even_if_nothing_arrives(scene):
    for _ in range(30):
        assert scene.turn("first", "second") == [0, 0]
    scene.send()
    assert scene.turn("first", "second") == [1, 0]
    assert (scene.header.owner, scene.header.events) == ("first", 2)


def test_one_that_dies_is_replaced_after_some_seconds(scene):
    scene.turn("first", "second")
    scene.send(3)
    learnt = [scene.turn("second")[0] for _ in range(int(STAND_BY_S) + 2)]
    assert sum(learnt) == 3
    assert learnt[0] == 0
    assert (scene.header.owner, scene.header.events) == ("second", 4)


def test_one_that_leaves_is_replaced_as_soon_as_the_other_looks(scene):
    scene.turn("first", "second")
    scene.workers["first"].close()
    assert scene.header.owner == ""
    scene.start("third")
    scene.send()
    assert scene.turn("third") == [1]
    assert scene.header.owner == "third"


def test_one_that_stood_still_is_refused_and_stands_by(scene):
    scene.turn("first", "second")
    for _ in range(8):
        scene.turn("second")
    scene.send(2)
    assert scene.turn("first", "second") == [0, 2]
    for _ in range(10):
        scene.send()
        assert scene.turn("first", "second") == [0, 1]
    assert (scene.header.owner, scene.header.events) == ("second", 13)


def test_one_that_a_run_sealed_says_so_and_goes_on(scene):
    plan = scene.plan
    for leaves, said in ((False, "a run seals it"), (True, "a run sealed it, or a worker had it and left")):
        run = PartitionStream(plan, 0, panes=scene.panes, owner=f"{RUN}1", now_us=lambda: 0)
        if leaves:
            run.release()
        scene.send()
        assert scene.turn("first") == [0]
        (why,) = scene.workers["first"].waiting.values()
        assert why.startswith(said)
        assert sum(scene.turn("first")[0] for _ in range(2 * int(STAND_BY_S) + 2)) == 1
        assert scene.workers["first"].waiting == {}


def test_one_that_another_worker_replaced_says_that(scene):
    PartitionStream(scene.plan, 0, panes=scene.panes, owner="third", now_us=lambda: 0)
    scene.send()
    assert scene.turn("first") == [0]
    (why,) = scene.workers["first"].waiting.values()
    assert "was taken over by another worker" in why

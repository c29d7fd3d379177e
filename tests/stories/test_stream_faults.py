"""Streams over a real broker and a real Valkey, while workers, broker and store die: exact counts each time."""

import json
import shutil
from contextlib import contextmanager

import pytest
from tests.kafka_broker import Broker
from tests.streamed_project import StreamedProject, end, events, expected, messages, partition_of, until
from tests.valkey_server import Valkey

PARTITIONS = 4
LATE = b'{"carrier": "C00", "delay": 5, "landed_at": "2024-01-01T00:00:30Z"}'
LANDINGS = 12_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return StreamedProject.made(tmp_path_factory.mktemp("streamed") / "project")


@pytest.fixture
def world(made, tmp_path):
    """A broker, a durable Valkey, and the project between them."""
    broker, valkey = Broker(), Valkey(tmp_path)
    broker.create("landings", PARTITIONS)
    shutil.copytree(made.folder, tmp_path / "project")
    address = {"SLUICEWAY_EVENTS": f"kafka://{broker.servers}", "SLUICEWAY_ONLINE": valkey.url}
    yield World(broker, valkey, StreamedProject(tmp_path / "project", **address))
    broker.kill()
    valkey.kill()


class World:
    """What is sent, and who works at it."""

    def __init__(self, broker, valkey, project):
        self.broker, self.valkey, self.project = broker, valkey, project
        self.landings = events(LANDINGS)
        self.sent = 0

    def send(self, count):
        """Send the next landings, each to its carrier's partition."""
        following = self.landings[self.sent : self.sent + count]
        for number in range(PARTITIONS):
            mine = [each for each in following if partition_of(each, PARTITIONS) == number]
            self.broker.send("landings", number, messages(mine))
        self.sent += len(following)

    @contextmanager
    def worker(self):
        """A worker that is ended as a person does it."""
        process = self.project.worker()
        yield process
        if process.poll() is None:
            end(process)

    def learnt(self):
        """How many messages are committed."""
        return sum(part["events"] for part in self.project.partitions())

    def check(self):
        """All that was sent was learnt exactly once."""
        until(lambda: self.learnt() >= self.sent, what=f"{self.sent} messages learnt")
        assert self.learnt() == self.sent
        assert self.project.served() == expected(self.landings[: self.sent], PARTITIONS)


def test_a_worker_killed_in_the_middle_of_a_commit(world):
    """The store stands still while a batch is committed; the worker dies; then the store makes the commit, or not."""
    world.send(3000)
    victim = world.project.worker()
    until(lambda: world.learnt() == 3000)
    world.valkey.pause()
    world.send(6000)
    world.broker.send("landings", 0, [])
    assert victim.poll() is None
    end(victim, kill=True)
    world.valkey.go_on()
    world.send(3000)
    with world.worker():
        world.check()


def test_the_store_and_the_broker_die_and_come_back(world):
    with world.worker() as worker:
        world.send(3000)
        until(lambda: world.learnt() == 3000)
        world.valkey.kill()
        world.send(3000)
        world.valkey.start()
        world.check()
        world.broker.kill()
        world.broker.start()
        world.broker.create("landings", PARTITIONS)
        world.sent = 0
        world.send(9000)  # its replicas give back what it had, and more arrives
        world.check()
        assert worker.poll() is None


def test_workers_come_and_go_and_two_believe_that_they_own_everything(world):
    world.send(2000)
    with world.worker() as first:
        until(lambda: world.learnt() == 2000)
        doubled = StreamedProject(world.project.folder, **world.project.environment)
        doubled.environment["SLUICEWAY_EVENTS"] += "?group=another"
        with world.worker():  # it takes half of the partitions
            duplicate = doubled.worker()  # it is of no group that the others know, and takes them all
            for _ in range(4):
                world.send(2000)
            until(lambda: len(owners(world)) >= 1)
            world.check()
            end(first, kill=True)
            world.send(2000)
            world.check()
            end(duplicate)


def test_a_topic_that_is_not_keyed_is_read_as_one(world):
    """Each landing in whatever partition; the worker is killed in mid-batch, another had stood by, a run seals."""
    pipeline = world.project.folder / "pipeline.py"
    pipeline.write_text(pipeline.read_text().replace(', key="carrier"', "").replace('matures="1d"', 'matures="2h"'))
    landings = events(6000)

    def send(begin, count):
        world.broker.spread("landings", PARTITIONS, messages(landings[begin : begin + count]))

    send(0, 3000)
    first = world.project.worker()
    until(lambda: world.learnt() == 3000)
    with world.worker() as spare:
        send(3000, 1000)
        until(lambda: world.learnt() == 4000)
        assert f"-{first.pid}-" in "".join(owners(world))
        world.valkey.pause()
        send(4000, 2000)
        end(first, kill=True)
        world.valkey.go_on()
        until(lambda: world.learnt() == 6000)
        assert f"-{spare.pid}-" in "".join(owners(world))
    (part,) = world.project.partitions()
    assert (part["lag"], part["events"], part["late"]) == (0, 6000, 0)
    assert world.project.served() == expected(landings)
    world.broker.send("landings", 1, [LATE])
    world.project("stream", "run", "--until-idle")
    assert world.project.partitions()[0]["late"] == 1
    world.project("run", "--until", "features", "--as-of", "2024-01-01T02:30:00Z")
    in_files = [{"carrier": "C00", "delay": 1, "at": 0}, {"carrier": "C01", "delay": 2, "at": 60}]
    late = {"carrier": "C00", "delay": 5, "at": 30}
    assert world.project.served() == expected([*landings, *in_files, late])  # sealed with what it was too late for


def owners(world):
    return {part["owner"] for part in world.project.partitions() if part["owner"]}


def test_what_is_no_row_goes_to_a_topic_with_the_reason(world):
    world.send(1000)
    world.broker.send("landings", 1, [b"{", b'{"carrier": "C01", "delay": 1}'])
    world.project("stream", "run", "--until-idle")
    assert [part["dead"] for part in world.project.partitions()] == [0, 2, 0, 0]
    told = world.broker.read("landings.dead")
    assert (told[0][0], told[0][1]["partition"]) == (b"{", "1")
    assert "missing required field `landed_at`" in told[1][1]["why"]
    assert json.loads(world.project("stream", "status", "--json"))["streams"][0]["topic"] == "landings"

"""Streams over a real broker and a real Valkey, while workers, broker and store die: exact counts each time."""

import json
import time
from contextlib import contextmanager
from signal import SIGKILL
from urllib.request import urlopen

import pytest
from tests.command_wire import CommandWire
from tests.kafka_broker import Broker
from tests.s3_server import free_port
from tests.streamed_project import StreamedProject, end, events, expected, messages, partition_of, until
from tests.valkey_server import Valkey

PARTITIONS = 4
EVERYTHING = set(range(PARTITIONS))
LATE = b'{"carrier": "C00", "delay": 5, "landed_at": "2024-01-01T00:00:30Z"}'
LANDINGS = 12_000
SOON_MISSED = "session.timeout.ms=3000&heartbeat.interval.ms=500"  # who dies; its partitions are dealt out then


@pytest.fixture
def world(streamed, tmp_path):
    """A broker, a durable Valkey, and the project between them."""
    yield from _world(streamed, tmp_path, Broker())


@pytest.fixture
def lasting_world(streamed, tmp_path, lake):
    """The same, with a broker that keeps its messages in a bucket."""
    yield from _world(streamed, tmp_path, Broker.lasting(lake))


def _world(streamed, folder, broker):
    valkey = Valkey(folder)
    broker.create("landings", PARTITIONS)
    events_from = f"kafka://{broker.servers}?{SOON_MISSED}"
    address = {"SLUICEWAY_EVENTS": events_from, "SLUICEWAY_ONLINE": valkey.url}
    yield World(broker, valkey, streamed.copied(folder / "project", **address))
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
    def worker(self, *words):
        """A worker that is ended as a person does it."""
        process = self.project.worker(*words)
        try:
            yield process
        finally:
            assert process.poll() in {None, -SIGKILL}, process.stderr.read().decode()
            if process.returncode is None:
                end(process)

    def learnt(self):
        """How many messages are committed."""
        return sum(header.events for header in self.project.headers().values())

    def owned_by(self, worker):
        """The partitions whose last commit is a worker's."""
        headers = self.project.headers().items()
        return {number for number, header in headers if f"-{worker.pid}-" in header.owner}

    def check(self):
        """All that was sent was learnt exactly once."""
        until(lambda: self.learnt() >= self.sent, what=f"{self.sent} messages learnt")
        parts = self.project.partitions()
        assert [(part["late"], part["dead"], part["lag"]) for part in parts] == [(0, 0, 0)] * PARTITIONS
        assert sum(part["events"] for part in parts) == self.sent
        assert self.project.served() == expected(self.landings[: self.sent], PARTITIONS)


def test_a_worker_killed_in_the_middle_of_a_commit(world):
    """The store has a commit, whole or in half, of a worker that is dead by then: it makes all of it, or nothing."""
    wire = CommandWire(world.valkey)
    world.project.environment["SLUICEWAY_ONLINE"] = wire.url
    world.send(3000)
    victim = world.project.worker()
    until(lambda: world.learnt() == 3000)
    world.valkey.pause()
    answered = wire.carried
    world.send(3000)
    until(lambda: asked_for(wire) > 3000, what="a commit with new messages before the store")
    end(victim, kill=True)
    assert wire.carried == answered
    world.valkey.go_on()
    until(lambda: world.learnt() == asked_for(wire), what="the dead worker's commit")
    victim = world.project.worker()
    until(lambda: world.learnt() == 6000)
    held = world.project.headers()
    wire.cut_from_bytes = 4000  # only commits of batches are as long
    world.send(3000)
    until(lambda: wire.was_cut, what="half of a commit")
    end(victim, kill=True)
    wire.cut_from_bytes = float("inf")
    assert world.project.headers() == held
    world.send(3000)
    with world.worker() as last:
        world.check()
        assert world.owned_by(last) == EVERYTHING
    wire.close()


def asked_for(wire):
    """How many messages the commits that the store was asked for come to, made or not."""
    return sum({commit.partition: commit.header.events for commit in wire.commits()}.values())


def test_the_store_and_the_broker_die_and_come_back(lasting_world):
    """Both come back with what they had; while either is gone, the worker waits."""
    world = lasting_world
    port = free_port()
    with world.worker("--metrics-port", str(port)) as worker:
        world.send(3000)
        until(lambda: world.learnt() == 3000)
        world.valkey.kill()
        world.send(3000)
        until(lambda: given_up(port) > 0, what="a worker without its store")
        world.valkey.start()
        world.check()
        owners = {header.owner for header in world.project.headers().values()}
        world.broker.kill()
        time.sleep(1)  # the worker asks in vain, some times
        world.broker.start()
        world.send(6000)  # a broker that had lost its messages would number these from 0, and nobody would read them
        world.check()
        assert worker.poll() is None
        assert {header.owner for header in world.project.headers().values()} == owners


def test_workers_come_and_go_and_two_believe_that_they_own_everything(world):
    world.send(2000)
    ports = [free_port(), free_port()]
    with world.worker("--metrics-port", str(ports[0])) as first:
        until(lambda: world.learnt() == 2000)
        assert world.owned_by(first) == EVERYTHING
        doubled = StreamedProject(world.project.folder, **world.project.environment)
        doubled.environment["SLUICEWAY_EVENTS"] += "&group=another"
        with world.worker("--metrics-port", str(ports[1])) as second:
            until(lambda: len(world.owned_by(second)) == PARTITIONS // 2, what="half of the partitions")
            assert world.owned_by(first) == EVERYTHING - world.owned_by(second)
            assert sum(map(given_up, ports)) == 0
            duplicate = doubled.worker()  # it is of no group that the others know, and takes them all
            until(lambda: world.owned_by(duplicate) == EVERYTHING, what="the duplicate with all partitions")
            world.send(6000)
            until(lambda: sum(map(given_up, ports)) > 0, what="a commit of the others refused")
            world.check()
            end(first, kill=True)
            world.send(2000)
            world.check()
            end(duplicate)


def given_up(port):
    """How many partitions a worker gave up, by its metrics."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("sluiceway_stream_given_up_total"))


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
        assert world.owned_by(first) == {0}
        world.valkey.pause()
        send(4000, 2000)
        end(first, kill=True)
        world.valkey.go_on()
        until(lambda: world.learnt() == 6000)
        assert world.owned_by(spare) == {0}
    (part,) = world.project.partitions()
    assert (part["lag"], part["events"], part["late"]) == (0, 6000, 0)
    assert world.project.served() == expected(landings)
    world.broker.send("landings", 1, [LATE])
    world.project("stream", "run", "--until-idle")
    assert world.project.partitions()[0]["late"] == 1
    world.project("run", "--until", "features", "--as-of", "2024-01-01T02:30:00Z")
    late = {"carrier": "C00", "delay": 5, "at": 30}
    assert world.project.served() == expected([*landings, late])  # sealed with what it was too late for


def test_what_is_no_row_goes_to_a_topic_with_the_reason(world):
    world.send(1000)
    world.broker.send("landings", 1, [b"{", b'{"carrier": "C01", "delay": 1}'])
    world.project("stream", "run", "--until-idle")
    assert [part["dead"] for part in world.project.partitions()] == [0, 2, 0, 0]
    told = world.broker.read("landings.dead")
    assert (told[0][0], told[0][1]["partition"]) == (b"{", "1")
    assert "column 'landed_at' is missing" in told[1][1]["why"]
    assert json.loads(world.project("stream", "status", "--json"))["streams"][0]["topic"] == "landings"

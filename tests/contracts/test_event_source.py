"""What every event source promises. The Kafka adapter meets a real broker."""

import time
import uuid

import pytest

from sluiceway.adapters.kafka_events import KafkaEvents
from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.spool import Spool
from sluiceway.adapters.spool_events import SpoolEvents

ADAPTERS = ("kafka", "memory", "spool")
PATIENCE_S = 30


class MemoryPlace:
    def __init__(self, partitions=1):
        self.topic = MemoryTopic(partitions)
        self.send = lambda values, partition=0: self.topic.append(partition, values)
        self.member = lambda: MemoryEvents(self.topic)


class SpoolPlace:
    def __init__(self, folder):
        self.send = Spool(folder).append
        self.member = lambda: SpoolEvents(folder)


class KafkaPlace:
    def __init__(self, broker, partitions=1):
        topic = f"t{uuid.uuid4().hex[:12]}"
        broker.create(topic, partitions)
        self.send = lambda values, partition=0: broker.send(topic, partition, values)
        self.member = lambda: KafkaEvents(broker.servers, topic, group=f"g-{topic}")


@pytest.fixture(params=ADAPTERS)
def place(request, tmp_path):
    if request.param == "memory":
        return MemoryPlace()
    return SpoolPlace(tmp_path / "topic") if request.param == "spool" else KafkaPlace(request.getfixturevalue("broker"))


class Owner:
    """Owns what it is told to, and begins where it was told."""

    def __init__(self, begins):
        self.begins, self.owned, self.read, self.partitions = begins, set(), [], []

    def assigned(self, partitions):
        self.owned |= set(partitions)
        return {number: self.begins[number] for number in partitions if number in self.begins}

    def revoked(self, partitions):
        self.owned -= set(partitions)

    def listen(self, member, until, *, most=100):
        """Poll until something holds; returns the messages since the beginning, as offset and value."""
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline, f"after {PATIENCE_S} s: {self.read[-3:]}"
            for batch in member.poll(self, most=most, wait_s=0.1):
                assert batch.partition in self.owned
                assert 0 < len(batch.values) <= most
                self.read += list(zip(batch.offsets, batch.values, strict=True))
                self.partitions += [batch.partition] * len(batch.values)
        return self.read


def listen_all(members, until):
    """Let members of a group poll in turn until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline
        for member, owner in members.items():
            for batch in member.poll(owner, most=10, wait_s=0.05):
                owner.read += list(zip(batch.offsets, batch.values, strict=True))


def numbered(*numbers):
    return [b"message %d" % number for number in numbers]


def test_messages_come_in_order_from_where_the_owner_says(place):
    place.send(numbered(*range(7)))
    member, owner = place.member(), Owner({0: 3})
    assert member.partition_count() == 1
    read = owner.listen(member, lambda: len(owner.read) == 4, most=2)
    assert read == list(zip(range(3, 7), numbered(*range(3, 7)), strict=True))
    assert owner.owned == {0}
    assert member.poll(owner, most=5, wait_s=0) == []
    place.send(numbered(7))
    assert owner.listen(member, lambda: len(owner.read) == 5)[-1] == (7, b"message 7")
    assert member.ends() == {0: 8}
    member.seek(0, 6)
    owner.read = []
    owner.listen(member, lambda: len(owner.read) == 2)
    assert owner.read == [(6, b"message 6"), (7, b"message 7")]
    member.close(owner)
    assert owner.owned == set()


def test_a_partition_without_a_beginning_is_still_until_it_is_sought(place):
    place.send(numbered(0, 1, 2))
    member, owner = place.member(), Owner({})
    owner.listen(member, lambda: owner.owned)
    for _ in range(3):
        assert member.poll(owner, most=5, wait_s=0.1) == []
    member.seek(0, 1)
    assert owner.listen(member, lambda: len(owner.read) == 2) == [(1, b"message 1"), (2, b"message 2")]
    member.close(owner)


def test_another_member_goes_on_when_one_leaves(place):
    place.send([b"", b"\x00\n\xff", b"x" * 300_000])
    first, second = place.member(), place.member()
    one, other = Owner({0: 0}), Owner({0: 2})
    owners = {first: one, second: other}
    listen_all(owners, lambda: len(one.read) + len(other.read) >= 1 and len(one.owned) + len(other.owned) == 1)
    leaving = first if one.owned else second
    staying, owner = (second, other) if one.owned else (first, one)
    leaving.close(owners.pop(leaving))
    owner.read = []
    listen_all(owners, lambda: owner.owned == {0} and owner.read)
    assert owner.read[-1] == (2, b"x" * 300_000)
    staying.close(owner)


@pytest.fixture(params=["kafka", "memory"])
def wide(request):
    """A topic of two partitions."""
    return MemoryPlace(2) if request.param == "memory" else KafkaPlace(request.getfixturevalue("broker"), 2)


def test_each_of_two_partitions_is_read_where_it_is_sought_and_goes_to_the_member_that_it_is_dealt_to(wide):
    """One test, as a broker takes seconds to let a group begin."""
    for number in range(2):
        wide.send(numbered(*range(40)), number)
    member, owner = wide.member(), Owner({1: 0})
    owner.listen(member, lambda: owner.owned == {0, 1} and len(owner.read) == 40)
    assert set(owner.partitions) == {1}
    member.seek(0, 20)
    owner.listen(member, lambda: len(owner.read) >= 45, most=5)
    assert owner.read[40:45] == list(zip(range(20, 25), numbered(*range(20, 25)), strict=True))
    member.seek(0, None)  # while more of it was fetched
    wide.send(numbered(40), 1)
    owner.listen(member, lambda: owner.read[-1] == (40, b"message 40"))
    assert member.poll(owner, most=5, wait_s=0.1) == []
    member.seek(0, 2)
    owner.read, owner.partitions = [], []
    owner.listen(member, lambda: len(owner.read) == 38, most=5)
    assert owner.read == list(zip(range(2, 40), numbered(*range(2, 40)), strict=True))
    assert set(owner.partitions) == {0}
    second, other = wide.member(), Owner({0: 40, 1: 41})
    owner.begins, owner.read = {0: 40, 1: 41}, []
    listen_all({member: owner, second: other}, lambda: len(owner.owned) == len(other.owned) == 1)
    assert owner.owned | other.owned == {0, 1}
    for number in range(2):
        wide.send([b"last %d" % number], number)
    listen_all({member: owner, second: other}, lambda: owner.read and other.read)
    for each in (owner, other):
        (number,) = each.owned
        assert each.read[-1] == (40 + number, b"last %d" % number)
    second.close(other)
    member.close(owner)

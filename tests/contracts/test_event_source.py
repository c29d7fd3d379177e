"""What every event source promises. The Kafka adapter meets a real broker."""

import time
import uuid

import pytest

from sluiceway.adapters.kafka_events import KafkaEvents
from sluiceway.adapters.kafka_merged import MergedKafkaEvents
from sluiceway.adapters.kinesis_events import KinesisEvents
from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.spool import Spool
from sluiceway.adapters.spool_events import SpoolEvents
from sluiceway.ports.event_source import Position

ADAPTERS = ("kafka", "kafka, merged", "kinesis", "memory", "memory, not dealt", "spool")
PATIENCE_S = 30


class MemoryPlace:
    def __init__(self, partitions=1, *, is_dealt):
        self.topic = MemoryTopic(partitions)
        self.send = lambda values, partition=0: self.topic.append(partition, values)
        self.member = self.apart = lambda: MemoryEvents(self.topic, is_dealt=is_dealt)


class SpoolPlace:
    def __init__(self, folder):
        self.send = Spool(folder).append
        self.member = self.apart = lambda: SpoolEvents(folder)


class KafkaPlace:
    def __init__(self, broker, partitions=1):
        topic = f"t{uuid.uuid4().hex[:12]}"
        broker.create(topic, partitions)
        self.send = lambda values, partition=0: broker.send(topic, partition, values)
        self.member = self.apart = lambda: KafkaEvents(broker.servers, topic, group=f"g-{topic}")


class MergedPlace:
    """A topic of three partitions, each message in another."""

    def __init__(self, broker):
        topic, self._sent, self._broker = f"t{uuid.uuid4().hex[:12]}", 0, broker
        broker.create(topic, 3)
        self.member = lambda: MergedKafkaEvents(broker.servers, topic, group=f"g-{topic}")
        self.apart = lambda: KafkaEvents(broker.servers, topic, group=f"apart-{topic}")
        self._topic = topic

    def send(self, values):
        for value in values:
            self._broker.send(self._topic, self._sent % 3, [value])
            self._sent += 1
            time.sleep(0.002)  # a message is younger than the one before


class KinesisPlace:
    def __init__(self, kinesis):
        stream = f"t{uuid.uuid4().hex[:12]}"
        kinesis.create(stream)
        self.send = lambda values: kinesis.send(stream, values)
        self.member = self.apart = lambda: KinesisEvents(kinesis.wire(), stream)


@pytest.fixture(params=ADAPTERS)
def place(request, tmp_path):
    if request.param == "kafka, merged":
        return MergedPlace(request.getfixturevalue("broker"))
    if request.param == "kinesis":
        return KinesisPlace(request.getfixturevalue("kinesis"))
    if request.param.startswith("memory"):
        return MemoryPlace(is_dealt=request.param == "memory")
    return SpoolPlace(tmp_path / "topic") if request.param == "spool" else KafkaPlace(request.getfixturevalue("broker"))


class Owner:
    """Owns what it is told to, and begins where it was told."""

    def __init__(self, begins):
        self.begins, self.owned, self.read, self.ends, self.origins = begins, set(), [], [], []
        self.partitions, self.reached = [], {}

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
                self.partitions += [batch.partition] * len(batch.values)
                assert 0 < len(batch.values) <= most
                self.read += list(zip(batch.offsets, batch.values, strict=True))
                self.origins += [(batch.origin(place), value) for place, value in enumerate(batch.values)]
                self.ends.append(Position(batch.offsets[-1] + 1, batch.mark))
                self.reached[batch.partition] = self.ends[-1]
        return self.read


BEGIN = Position()


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
    member, owner = place.member(), Owner({0: BEGIN})
    assert member.partition_count() == 1
    assert not member.lags({})[0].is_none
    read = owner.listen(member, lambda: len(owner.read) == 7, most=1)
    assert read == list(enumerate(numbered(*range(7))))
    ends = owner.ends
    owner.listen(member, lambda: member.lags({0: ends[-1]})[0].is_none)
    assert not member.lags({0: ends[1]})[0].is_none
    member.close(owner)
    assert owner.owned == set()
    member, owner = place.member(), Owner({0: ends[2]})
    assert member.lags({0: ends[-1]})[0].is_none
    assert not member.lags({})[0].is_none
    read = owner.listen(member, lambda: len(owner.read) == 4, most=2)
    assert read == list(enumerate(numbered(*range(7))))[3:]
    assert owner.owned == {0}
    assert member.poll(owner, most=5, wait_s=0) == []
    place.send(numbered(7))
    assert owner.listen(member, lambda: len(owner.read) == 5)[-1] == (7, b"message 7")
    member.seek(0, ends[5])
    owner.read = []
    owner.listen(member, lambda: len(owner.read) == 2)
    assert owner.read == [(6, b"message 6"), (7, b"message 7")]
    member.seek(0, None)
    place.send(numbered(8))
    assert [member.poll(owner, most=5, wait_s=0.1) for _ in range(3)] == [[], [], []]
    member.close(owner)
    assert owner.owned == set()


def test_a_partition_without_a_beginning_is_still_until_it_is_sought(place):
    place.send(numbered(0, 1, 2))
    member, owner = place.member(), Owner({})
    owner.listen(member, lambda: owner.owned)
    for _ in range(3):
        assert member.poll(owner, most=5, wait_s=0.1) == []
    member.seek(0, BEGIN)
    assert owner.listen(member, lambda: len(owner.read) == 3) == list(enumerate(numbered(0, 1, 2)))
    member.close(owner)


def test_another_member_goes_on_when_one_leaves(place):
    place.send([b"", b"\x00\n\xff"])
    first, second = place.member(), place.member()
    one, other = Owner({0: BEGIN}), Owner({0: BEGIN})
    owners = {first: one, second: other}
    owning = 1 if first.is_dealt else 2

    def listen_both(until):
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline
            for member, owner in owners.items():
                for batch in member.poll(owner, most=10, wait_s=0.05):
                    owner.read += batch.values

    listen_both(lambda: one.read + other.read and len(one.owned) + len(other.owned) == owning)
    leaving = first if one.owned else second
    staying, owner = (second, other) if one.owned else (first, one)
    leaving.close(owners.pop(leaving))
    place.send([b"x" * 300_000])
    listen_both(lambda: owner.owned == {0} and owner.read[-1:] == [b"x" * 300_000])
    assert owner.read[-3:] == [b"", b"\x00\n\xff", b"x" * 300_000]
    staying.close(owner)


@pytest.fixture(params=["kafka", "memory"])
def wide(request):
    """A topic of two partitions."""
    if request.param == "memory":
        return MemoryPlace(2, is_dealt=True)
    return KafkaPlace(request.getfixturevalue("broker"), 2)


def test_each_of_two_partitions_is_read_where_it_is_sought_and_goes_to_the_member_that_it_is_dealt_to(wide):
    """One test, as a broker takes seconds to let a group begin."""
    for number in range(2):
        wide.send(numbered(*range(40)), number)
    member, owner = wide.member(), Owner({1: BEGIN})
    owner.listen(member, lambda: owner.owned == {0, 1} and len(owner.read) == 40)
    assert set(owner.partitions) == {1}
    member.seek(0, Position(20))
    owner.listen(member, lambda: len(owner.read) >= 45, most=5)
    assert owner.read[40:45] == list(zip(range(20, 25), numbered(*range(20, 25)), strict=True))
    member.seek(0, None)  # while more of it was fetched
    wide.send(numbered(40), 1)
    owner.listen(member, lambda: owner.read[-1] == (40, b"message 40"))
    assert member.poll(owner, most=5, wait_s=0.1) == []
    member.seek(0, Position(2))
    owner.read, owner.partitions = [], []
    owner.listen(member, lambda: len(owner.read) == 38, most=5)
    assert owner.read == list(zip(range(2, 40), numbered(*range(2, 40)), strict=True))
    assert set(owner.partitions) == {0}
    second, other = wide.member(), Owner({0: Position(40), 1: Position(41)})
    owner.begins, owner.read = other.begins, []
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


def test_who_reads_all_as_one_goes_on_where_others_have_read_each(place):
    place.send(numbered(*range(6)))
    apart, first = place.apart(), Owner(dict.fromkeys(range(3), BEGIN))
    first.listen(apart, lambda: len(first.read) == 6)
    apart.close(first)
    member = place.member()
    second = Owner({0: member.joined(first.reached)})
    place.send(numbered(6, 7))
    second.listen(member, lambda: len(second.read) >= 2)
    member.close(second)
    assert [value for _, value in second.read] == numbered(6, 7)
    assert member.joined({}) == BEGIN


@pytest.mark.parametrize("place", [name for name in ADAPTERS if name != "kinesis"], indirect=True)
def test_a_topic_that_ends_before_a_position_says_so(place):
    """Records of Kinesis have no offsets, and the numbers of a stream that is made anew go on rising."""
    place.send(numbered(0, 1, 2))
    apart, owner = place.apart(), Owner(dict.fromkeys(range(3), BEGIN))
    owner.listen(apart, lambda: len(owner.read) == 3)  # some brokers tell the end only to who has asked for messages
    apart.close(owner)
    member = place.member()
    beyond = member.joined({number: Position(50) for number in owner.reached})
    assert member.lags({0: beyond})[0].messages < 0
    member.close(Owner({}))

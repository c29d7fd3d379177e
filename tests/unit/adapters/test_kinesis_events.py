"""Kinesis as AWS may be: shards split, merge and are forgotten, iterators expire, and the service is busy or gone."""

import time

import pytest
from tests.contracts.test_event_source import BEGIN, Owner
from tests.kinesis_server import KinesisServer
from tests.s3_server import Wire

from sluiceway.adapters import kinesis_events, kinesis_sink
from sluiceway.adapters.kinesis_events import KinesisEvents
from sluiceway.adapters.kinesis_sink import KinesisSink
from sluiceway.adapters.kinesis_wire import KinesisWire
from sluiceway.core.errors import SourceError, TransientError
from sluiceway.ports.event_sink import Event

BUSY, STREAM = "ProvisionedThroughputExceededException", "landings"


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(kinesis_events, "READ_S", 0.02)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-the-stream")


@pytest.fixture
def server():
    made = KinesisServer(shards=2)
    yield made
    made.close()


def events(server, endpoint=None):
    return KinesisEvents(KinesisWire("eu-west-1", endpoint=endpoint or server.endpoint, shown="the place"), STREAM)


def sent(server, count, begin=0):
    values = [b"%04d" % number for number in range(begin, begin + count)]
    server.send(*values)
    return values


def read(member, owner, count):
    owner.listen(member, lambda: len(owner.read) >= count)
    return [value for _, value in owner.read]


def test_shards_that_split_and_merge_are_read_in_the_order_in_which_messages_arrived(server):
    values = sent(server, 12)
    left, right = server.split(0)
    values += sent(server, 12, 12)
    merged = server.merge(right, 1)
    values += sent(server, 12, 24)
    member, owner = events(server), Owner({0: BEGIN})
    assert read(member, owner, 36) == values
    assert {lane for (lane, _), _ in owner.origins} == {0, 1, left, right, merged}
    server.split(merged)
    assert read(member, owner, 36) == values
    values += sent(server, 9, 36)
    assert read(member, owner, 45) == values
    assert len({origin for origin, _ in owner.origins}) == 45
    for end in owner.ends[::3]:
        again, other = events(server), Owner({0: end})
        assert read(again, other, 45 - end.offset) == values[end.offset :]


def test_shards_that_are_kept_no_longer_are_forgotten(server):
    sent(server, 6)
    server.split(0)
    member, owner = events(server), Owner({0: BEGIN})
    read(member, owner, 6)
    sent(server, 6, 6)
    read(member, owner, 12)
    server.forget(0)
    sent(server, 3, 12)
    again, other = events(server), Owner({0: owner.ends[-1]})
    assert read(again, other, 3) == [b"0012", b"0013", b"0014"]
    assert '"0"' not in other.ends[-1].mark
    assert not events(server).lags({})[0].is_none
    assert events(server).lags({0: other.ends[-1]})[0].is_none


def test_a_busy_service_and_expired_iterators_are_asked_again(server):
    values = sent(server, 10)
    server.errors = {
        "ListShards": ["LimitExceededException"], "GetShardIterator": [BUSY],
        "GetRecords": [BUSY, "ExpiredIteratorException", "InternalFailure", BUSY],
    }  # fmt: skip
    member, owner = events(server), Owner({0: BEGIN})
    assert read(member, owner, 10) == values
    server.errors = {"GetRecords": ["ExpiredIteratorException"] * 2}
    values += sent(server, 4, 10)
    assert read(member, owner, 14) == values
    assert server.errors["GetRecords"] == []


def test_a_shard_that_is_asked_too_often_is_left_alone_for_ever_longer(server):
    member, owner = events(server), Owner({0: BEGIN})
    member.poll(owner, most=1, wait_s=0.1)
    server.errors = {"GetRecords": [BUSY] * 1000}
    member.poll(owner, most=1, wait_s=0.5)
    assert 1000 - len(server.errors["GetRecords"]) <= 14  # 0.02, 0.04, 0.08, 0.16 s, of two shards


def test_a_service_that_is_gone_is_waited_for(server):
    wire = Wire(server.endpoint)
    member, owner = events(server, wire.endpoint), Owner({0: BEGIN})
    values = sent(server, 5)
    assert read(member, owner, 5) == values
    wire.left = 0
    values += sent(server, 5, 5)
    began = time.monotonic()
    assert member.poll(owner, most=9, wait_s=0.3) == []
    assert time.monotonic() - began < 3
    assert member.lags({}) == {}
    wire.left = float("inf")
    assert read(member, owner, 10) == values
    wire.close()


def test_what_waiting_does_not_help_against_is_said(server):
    server.errors = {"ListShards": ["AccessDeniedException", "ResourceNotFoundException", "UnknownOperation"]}
    member, owner = events(server), Owner({0: BEGIN})
    for said in ("lets nobody in", "has no stream 'landings'; create it", "refuses a request about stream 'landings'"):
        with pytest.raises(SourceError, match=said):
            member.poll(owner, most=1, wait_s=0)
    with pytest.raises(SourceError, match="the place is not there"):
        events(server, "http://127.0.0.1:9").partition_count()


def sink(server):
    return KinesisSink(KinesisWire("eu-west-1", endpoint=server.endpoint, shown="the place"), shown="the place")


def test_records_that_were_not_taken_are_put_again(server):
    server.errors = {"each": [BUSY] * 5}
    given = [Event(b"k%d" % number, b"%d" % number) for number in range(1203)]
    added = sink(server).append(STREAM, given)
    assert len(set(added)) == 1203
    kept = {(number, int(each["SequenceNumber"])) for number, log in server.kept.items() for each in log}
    assert set(added) == kept
    assert server.calls.count("PutRecords") == 4  # 500 at a time, and five again


def test_records_that_are_never_taken_are_counted(server, monkeypatch):
    monkeypatch.setattr(kinesis_sink, "PATIENCE_S", 0.2)
    server.errors = {"each": [BUSY] * 1000}
    with pytest.raises(TransientError, match="did not take 2 of 2 messages of topic 'landings'"):
        sink(server).append(STREAM, [Event(b"", b"1"), Event(b"x" * 300, b"2")])

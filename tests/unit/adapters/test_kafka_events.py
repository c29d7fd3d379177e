"""What a member of a Kafka group reads when its partitions are taken and dealt out again."""

import time
from uuid import uuid4

from confluent_kafka import TopicPartition

from sluiceway.adapters.kafka_events import KafkaEvents
from sluiceway.ports.event_source import Position


class FromTheBeginning:
    """Owns whatever it is dealt."""

    def __init__(self):
        self.dealt = []

    def assigned(self, partitions):
        self.dealt.append(list(partitions))
        return {number: Position(0) for number in partitions}

    def revoked(self, partitions):
        pass


def read(events, owner):
    return [value for batch in polled(events, owner) for value in batch.values]


def test_what_stood_still_when_it_was_lost_is_read_when_it_is_dealt_out_again(broker):
    topic, owner = f"t-{uuid4().hex[:8]}", FromTheBeginning()
    broker.create(topic, 1)
    broker.send(topic, 0, [b"one"])
    events = KafkaEvents(broker.servers, topic, group="g")
    assert read(events, owner) == [b"one"]
    events.seek(0, None)
    consumer, places = events._topic.consumer, [TopicPartition(topic, 0)]
    events._lost(consumer, places)
    consumer.unassign()
    events._assigned(consumer, places)
    assert owner.dealt == [[0], [0]]
    assert read(events, owner) == [b"one"]
    events.close(owner)


class FromTheSecond(FromTheBeginning):
    def assigned(self, partitions):
        return {number: Position(2) for number in partitions}


def test_messages_that_the_broker_let_go_are_counted_and_other_gaps_are_not(broker, monkeypatch):
    topic, owner = f"t-{uuid4().hex[:8]}", FromTheSecond()
    broker.create(topic, 1)
    broker.send(topic, 0, [b"%d" % number for number in range(10)])
    events = KafkaEvents(broker.servers, topic, group="g")
    (batch,) = polled(events, owner)
    assert (list(batch.offsets), batch.missed) == ([2, 3, 4, 5, 6, 7, 8, 9], 0)
    for oldest, missed in ((0, 0), (3, 1), (5, 3), (9, 5)):
        monkeypatch.setattr(events._topic, "_oldest", lambda *_args, oldest=oldest: oldest)
        assert events._topic.missed(0, 2, [5, 6, 9]) == missed
    assert events._topic.missed(0, 2, [2, 3, 4]) == events._topic.missed(0, 0, [5]) == 0
    events.seek(0, Position(6))  # as a broker does where what comes next is gone
    events._read[0] = 2
    (batch,) = polled(events, owner)
    assert (list(batch.offsets), batch.missed) == ([6, 7, 8, 9], 4)
    events.close(owner)


def polled(events, owner):
    deadline = time.monotonic() + 30
    while not (found := events.poll(owner, most=10, wait_s=0.2)):
        assert time.monotonic() < deadline, "nothing is read"
    return found

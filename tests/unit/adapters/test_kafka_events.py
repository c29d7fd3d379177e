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
    deadline = time.monotonic() + 30
    while not (found := events.poll(owner, most=10, wait_s=0.2)):
        assert time.monotonic() < deadline, "nothing is read"
    return [value for batch in found for value in batch.values]


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

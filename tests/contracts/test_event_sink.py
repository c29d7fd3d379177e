"""What every event sink promises: what it added is what the event source of the same place reads. Kafka is real."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contracts.test_event_source import BEGIN, Owner

from sluiceway.adapters.kafka_events import KafkaEvents
from sluiceway.adapters.kafka_sink import KafkaSink
from sluiceway.adapters.kinesis_events import KinesisEvents
from sluiceway.adapters.kinesis_sink import KinesisSink
from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.memory_sink import MemorySink
from sluiceway.adapters.spool_events import SpoolEvents
from sluiceway.adapters.spool_sink import SpoolSink
from sluiceway.ports.event_sink import Event


@pytest.fixture(params=["kafka", "kinesis", "memory", "spool"])
def place(request, tmp_path):
    """A topic's name, a sink of it, and what reads it."""
    if request.param == "spool":
        return "landings", SpoolSink(tmp_path), lambda: SpoolEvents(tmp_path / "landings")
    if request.param == "memory":
        topic = MemoryTopic(1)
        return "landings", MemorySink({"landings": topic}), lambda: MemoryEvents(topic)
    if request.param == "kinesis":
        kinesis, name = request.getfixturevalue("kinesis"), f"t{uuid.uuid4().hex[:12]}"
        kinesis.create(name)
        return name, KinesisSink(kinesis.wire(), shown="there"), lambda: KinesisEvents(kinesis.wire(), name)
    broker, name = request.getfixturevalue("broker"), f"t{uuid.uuid4().hex[:12]}"
    broker.create(name, 1)
    return name, KafkaSink(broker.servers), lambda: KafkaEvents(broker.servers, name, group=f"g-{name}")


def test_what_was_added_is_read_where_it_was_told(place):
    topic, sink, member = place
    values = [b"a", b"", b"x" * 100_000, b"\x00\n"]
    added = sink.append(topic, [Event(b"k", value) for value in values])
    added += sink.append(topic, [Event(b"", b"last")])
    assert len(set(added)) == 5
    assert {each.partition for each in added} == {0}
    assert [each.offset for each in added[:4]] == sorted(each.offset for each in added[:4])
    assert sink.append(topic, []) == []
    reader, owner = member(), Owner({0: BEGIN})
    owner.listen(reader, lambda: len(owner.read) >= 5)
    assert owner.origins == list(zip(added, [*values, b"last"], strict=True))
    reader.close(owner)


def test_many_add_at_once(place):
    topic, sink, member = place

    def add(number):
        return sink.append(topic, [Event(b"k", b"%d %d" % (number, place)) for place in range(5)])

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(add, range(12)))
    assert len({each for some in added for each in some}) == 60
    reader, owner = member(), Owner({0: BEGIN})
    owner.listen(reader, lambda: len(owner.read) >= 60)
    read = dict(owner.origins)
    assert len(read) == 60
    for number, some in enumerate(added):
        assert [read[each] for each in some] == [b"%d %d" % (number, place) for place in range(5)]
    reader.close(owner)

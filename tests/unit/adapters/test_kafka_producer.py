"""What is too large for Kafka is told or cut, and costs nobody else anything. The broker is real."""

import uuid

import pytest

from sluiceway.adapters.kafka_producer import KafkaProducer, Sent
from sluiceway.adapters.kafka_side import KafkaSide
from sluiceway.adapters.kafka_sink import KafkaSink
from sluiceway.core.errors import SourceError
from sluiceway.ports.event_sink import Added, Event
from sluiceway.ports.side_channel import DEAD, LATE, Aside

LARGE = b"x" * 1_000_000


@pytest.fixture
def topic(broker):
    name = f"t{uuid.uuid4().hex[:12]}"
    broker.create(name, 1)
    return name


def test_an_event_that_is_too_large_is_told_and_nothing_of_its_call_is_added(broker, topic):
    sink = KafkaSink(broker.servers)
    with pytest.raises(SourceError, match="at most 1,000,000 bytes"):
        sink.append(topic, [Event(b"k", b"small"), Event(b"k", LARGE)])
    assert sink.append(topic, [Event(b"k", b"next")]) == [(0, 0)]


def test_what_the_library_refuses_is_told_of_that_message_alone(broker, topic):
    told = KafkaProducer(broker.servers).send([Sent(topic, b"a"), Sent(topic, LARGE), Sent(topic, b"b")])
    assert [type(each) for each in told] == [Added, str, Added]


def test_options_do_not_make_it_less_durable():
    producer = KafkaProducer("nowhere:1", {"acks": "0", "enable.idempotence": "false"})
    assert (producer._asked["acks"], producer._asked["enable.idempotence"]) == ("all", True)


def test_of_a_message_set_aside_that_is_too_large_the_beginning_is_kept(broker, topic):
    side = KafkaSide(broker.servers, topic)
    side.put("s", [Aside(DEAD, 0, 7, "why" * 5000, LARGE), Aside(LATE, 0, 8, "late", b"small")])
    ((value, headers),) = broker.read(f"{topic}.dead")
    assert LARGE.startswith(value)
    assert 900_000 < len(value) < 1_000_000
    assert (headers["offset"], headers["cut_from_bytes"], len(headers["why"])) == ("7", "1000000", 1000)
    ((value, headers),) = broker.read(f"{topic}.late")
    assert value == b"small"
    assert "cut_from_bytes" not in headers


def test_what_the_broker_finds_too_large_is_cut_further(broker, topic, monkeypatch):
    side, send = KafkaSide(broker.servers, topic), KafkaProducer.send

    def refused(producer, messages):
        large = [message for message in messages if len(message.value) > 1000]
        return ["it is too large" if each in large else send(producer, [each])[0] for each in messages]

    monkeypatch.setattr(KafkaProducer, "send", refused)
    side.put("s", [Aside(DEAD, 0, 7, "why", LARGE[:5000])])
    ((value, headers),) = broker.read(f"{topic}.dead")
    assert (len(value), headers["cut_from_bytes"]) == (1000, "5000")

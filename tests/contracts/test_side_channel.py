"""What every side channel promises."""

import json
import uuid

import pytest

from sluiceway.adapters.folder_side import FolderSide
from sluiceway.adapters.kafka_side import KafkaSide
from sluiceway.adapters.kinesis_side import KinesisSide
from sluiceway.adapters.kinesis_wire import number_of
from sluiceway.adapters.memory_side import MemorySide
from sluiceway.ports.side_channel import DEAD, LATE, Aside

ADAPTERS = ("folder", "kafka", "kinesis", "memory")


class FolderPlace:
    def __init__(self, folder):
        self.side, self._folder = FolderSide(folder), folder

    def found(self, source, kind):
        lines = [
            line for path in sorted((self._folder / source / kind).iterdir()) for line in path.read_text().splitlines()
        ]
        return [(told["partition"], told["offset"], told["why"], told["message"]) for told in map(json.loads, lines)]


class KafkaPlace:
    def __init__(self, broker, topic):
        self.side, self._broker, self._topic = KafkaSide(broker.servers, topic), broker, topic

    def found(self, source, kind):
        read = self._broker.read(f"{self._topic}.{kind}")
        return [
            (int(headers["partition"]), int(headers["offset"]), headers["why"], value.decode(errors="backslashreplace"))
            for value, headers in read
        ]


class KinesisPlace:
    def __init__(self, kinesis, stream):
        self.side, self._there, self._stream = KinesisSide(kinesis.wire(), stream, shown="there"), kinesis, stream

    def found(self, source, kind):
        told = self._there.read(f"{self._stream}.{kind}")
        return [(number_of(each["shard"]), int(each["sequence_number"]), each["why"], each["message"]) for each in told]


class MemoryPlace:
    def __init__(self):
        self.side = MemorySide()

    def found(self, source, kind):
        kept = self.side.messages[source].values()
        return [
            (each.partition, each.offset, each.why, each.value.decode(errors="backslashreplace"))
            for each in kept
            if each.kind == kind
        ]


@pytest.fixture(params=ADAPTERS)
def place(request, tmp_path):
    if request.param == "memory":
        return MemoryPlace()
    if request.param == "folder":
        return FolderPlace(tmp_path)
    if request.param == "kinesis":
        return KinesisPlace(request.getfixturevalue("kinesis"), f"side-{uuid.uuid4().hex[:12]}")
    return KafkaPlace(request.getfixturevalue("broker"), f"side-{tmp_path.name}")


def test_messages_are_kept_by_kind_with_place_and_reason(place):
    place.side.put("facts", [Aside(DEAD, 0, 3, "it is “broken”", b"{\n"), Aside(DEAD, 1, 9, "no text", b"\xff")])
    place.side.put("facts", [Aside(LATE, 0, 4, "late for v", b"{}"), Aside(DEAD, 0, 5, "again", b"")])
    assert sorted(place.found("facts", DEAD)) == [
        (0, 3, "it is “broken”", "{\n"), (0, 5, "again", ""), (1, 9, "no text", "\\xff"),
    ]  # fmt: skip
    assert place.found("facts", LATE) == [(0, 4, "late for v", "{}")]


def test_a_message_that_is_set_aside_again_is_known_by_its_place(place):
    again = [Aside(DEAD, 2, 7, "broken", b"{")]
    place.side.put("facts", again)
    place.side.put("facts", again)
    assert set(place.found("facts", DEAD)) == {(2, 7, "broken", "{")}


def test_what_was_set_aside_is_read_back_with_when_that_was(place):
    late = [Aside(LATE, 0, 4, "late for v, w", b"{}", 1_700_000_000_000_000), Aside(LATE, 1, 5, "late for v", b"{}")]
    assert place.side.read("facts", LATE) == []
    place.side.put("facts", [*late, Aside(DEAD, 0, 3, "broken", b"{")])
    assert sorted(place.side.read("facts", LATE), key=lambda each: each.offset) == late
    assert [sorted(each.views) for each in late] == [["v", "w"], ["v"]]
    assert [(each.offset, each.value, each.views) for each in place.side.read("facts", DEAD)] == [(3, b"{", set())]

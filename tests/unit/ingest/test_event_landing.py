"""Events land once each, as parts that follow from the topic alone, however they came and whatever died meanwhile."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts import event_landing as landings
from sluiceway.artifacts.object_keys import object_key
from sluiceway.core.errors import SourceError
from sluiceway.declare.source import Source
from sluiceway.declare.stream import topic
from sluiceway.ingest import event_landing
from sluiceway.ingest.event_landing import EventLander
from sluiceway.ingest.landed_events import event_identity, known_event_landing
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.parquet_part import decode_part
from sluiceway.streams.decoding import RowDecoder

KINDS = {"carrier": "text", "delay": "integer", "landed_at": "time"}
LANDINGS = Source("landings", sql="SELECT 1", event_time="landed_at", stream=topic("landings"))
NOW = datetime(2024, 2, 1, tzinfo=UTC)
SMALL = 7
NEWYEAR = microseconds(datetime(2024, 1, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(event_landing, "PART_ROWS", SMALL)
    monkeypatch.setattr(event_landing, "QUIET_S", 0.0)


def message(number):
    if number % 5 == 3:
        return b'{"carrier": "UA"}'
    return json.dumps({"carrier": "UA", "delay": number, "landed_at": f"2024-01-01T00:00:{number % 60:02}Z"}).encode()


def lander(objects, log, *, origin=("memory", "landings"), most=20_000):
    event_landing.MOST = most
    decoder = RowDecoder(LANDINGS, KINDS, ["carrier", "delay"])
    return EventLander("landings", origin, MemoryEvents(log), decoder, None, objects, NOW)


def kept(objects):
    """What landed, by epoch and partition."""
    found = {}
    for part in known_event_landing("landings", objects).parts:
        table = decode_part(objects.get(object_key(part.sha256)))
        assert len(table) == part.rows <= SMALL
        pairs = zip(table["offset"].to_pylist(), table["value"].to_pylist(), strict=True)
        found.setdefault((part.epoch, part.partition), []).extend(pairs)
    return found


def good(values):
    return [(offset, value) for offset, value in enumerate(values) if b"landed_at" in value]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 19)), max_size=8), st.integers(1, 30))
def test_the_same_events_are_the_same_files_however_they_came(pieces, most):
    cut, whole = MemoryTopic(2), MemoryTopic(2)
    objects, at_once = ObstoreObjects.memory(), ObstoreObjects.memory()
    sent = 0
    for partition, count in pieces:
        values = [message(number) for number in range(sent, sent + count)]
        sent += count
        cut.append(partition, values)
        whole.append(partition, values)
        landing, new_rows = lander(objects, cut, most=most).land()
        assert new_rows == len(good(values))
        assert lander(objects, cut, most=most).land() == (landing, 0)
    landing, rows = lander(at_once, whole).land()
    if sent:
        mine = known_event_landing("landings", objects)
        assert event_identity(mine) == event_identity(landing)
        assert replace(mine, points=()) == replace(known_event_landing("landings", at_once), points=())
        assert rows == landing.rows == sum(len(good(log)) for log in cut.logs)
        assert kept(objects) == {(0, place): good(log) for place, log in enumerate(cut.logs) if good(log)}
        dead = [each.dead for each in landing.partitions]
        assert dead == [len(log) - len(good(log)) for log in cut.logs]


def test_a_landing_that_is_broken_off_anywhere_goes_on(monkeypatch):
    whole, log = ObstoreObjects.memory(), MemoryTopic(1)
    log.append(0, [message(number) for number in range(40)])
    expected, _ = lander(whole, log).land()
    for dies_at in range(8):
        objects = ObstoreObjects.memory()
        puts = 0

        def put(key, data, *, objects=objects, dies_at=dies_at):
            nonlocal puts
            puts += 1
            if puts > dies_at:
                raise InterruptedError
            ObstoreObjects.put(objects, key, data)

        with monkeypatch.context() as patched:
            patched.setattr(objects, "put", put, raising=False)
            with pytest.raises(InterruptedError):
                lander(objects, log, most=10).land()
        assert lander(objects, log, most=10).land()[0] == expected


def test_watermarks_and_offsets_are_told_by_partition():
    objects, log = ObstoreObjects.memory(), MemoryTopic(2)
    log.append(1, [message(4), message(2), message(3)])
    landing, _ = lander(objects, log).land()
    empty, mine = landing.partitions
    assert (empty.offset, empty.watermark) == (0, None)
    at = microseconds(datetime(2024, 1, 1, 0, 0, 4, tzinfo=UTC))
    assert (mine.offset, mine.watermark, mine.dead) == (3, at, 1)


def test_another_topic_begins_behind_what_landed():
    objects, log, other = ObstoreObjects.memory(), MemoryTopic(1), MemoryTopic(1)
    log.append(0, [message(0), message(1)])
    lander(objects, log).land()
    other.append(0, [message(2)])
    landing, new_rows = lander(objects, other, origin=("memory", "arrivals")).land()
    assert (landing.rows, new_rows, landing.epoch) == (3, 1, 1)
    assert kept(objects) == {(0, 0): good([message(0), message(1)]), (1, 0): [(0, message(2))]}


def test_a_topic_that_was_made_anew_is_refused():
    objects, log, other = ObstoreObjects.memory(), MemoryTopic(1), MemoryTopic(1)
    log.append(0, [message(0), message(1)])
    landing, _ = lander(objects, log).land()
    with pytest.raises(SourceError, match="it was made anew"):
        lander(objects, other).land()
    assert known_event_landing("landings", objects) == landing


def test_a_landing_tells_where_it_was_when_its_parts_were_those_of_an_earlier_version():
    log, objects = MemoryTopic(2), ObstoreObjects.memory()
    log.append(0, [message(0)])
    first, _ = lander(objects, log).land()
    log.append(0, [message(1), message(3)])  # the last is no row
    log.append(1, [message(2)])
    lander(objects, log).land()
    other, _ = lander(objects, MemoryTopic(1), origin=("memory", "arrivals")).land()
    parts = [part.sha256 for part in first.parts]
    assert [(each.offset, each.watermark) for each in other.point(parts).partitions] == [(1, NEWYEAR), (0, None)]
    assert other.point(parts).origin == ("memory", "landings")
    assert other.point([*parts, "of no version"]) is None
    assert other.point(part.sha256 for part in other.parts).origin == ("memory", "arrivals")


def test_only_the_newest_points_are_kept(monkeypatch):
    monkeypatch.setattr(landings, "MOST_POINTS", 3)
    log, objects = MemoryTopic(1), ObstoreObjects.memory()
    made = []
    for number in (0, 1, 2, 5):
        log.append(0, [message(number)])
        made.append(lander(objects, log).land()[0])
    known = known_event_landing("landings", objects)
    assert [known.point(part.sha256 for part in each.parts) is not None for each in made] == [False, True, True, True]

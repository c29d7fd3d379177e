"""Messages that a stream set aside as late are found where they landed, as rows of the source's table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from tests.data_worlds import a_world

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.memory_side import MemorySide
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.core.errors import SourceError
from sluiceway.features.held_tables import HeldTables
from sluiceway.features.point_in_time import Facts
from sluiceway.flow.earlier_facts import EarlierFacts
from sluiceway.flow.late_messages import LateMessages
from sluiceway.ingest.event_landing import EventLander
from sluiceway.ingest.landed_events import event_entries
from sluiceway.ports.side_channel import DEAD, LATE, Aside
from sluiceway.streams.decoding import RowDecoder

LANDINGS = sw.Source("landings", sql="unused", event_time="at", stream=sw.topic("landings", key="e"))
VIEW = sw.FeatureView("v", entity="e", source=LANDINGS, features=[sw.sum("x", over="1h")])
START = datetime(2024, 1, 1, tzinfo=UTC)
SECOND = 1_000_000


def message(place):
    return f'{{"e": "a", "x": {place}, "at": "2024-01-01T00:00:{place:02}Z"}}'.encode()


class Arriving:
    """One topic, and what was set aside of it."""

    kind, shown = "memory", "memory"

    def __init__(self):
        self.topic, self.beside = MemoryTopic(2), MemorySide()

    def events(self, topic, *, group, as_one=False):
        return MemoryEvents(self.topic)

    def side(self, topic):
        return self.beside


class Silent(Arriving):
    """A place that does not answer."""

    def side(self, topic):
        raise SourceError("nobody there")


def table(*places):
    times = pa.array([START + timedelta(seconds=place) for place in places], pa.timestamp("us", "UTC"))
    return pa.table({"e": ["a"] * len(places), "x": pa.array(places, pa.int64()), "at": times, "_event_time": times,
                     "_known_time": times})  # fmt: skip


def landed(world, arriving, facts):
    decoder = RowDecoder(LANDINGS, facts.kinds_for(VIEW), ["e", "x"])
    origin = ("memory", "landings")
    lander = EventLander("landings", origin, arriving.events("landings", group="g"), decoder, None, world.kit.objects,
                         START)  # fmt: skip
    return lander.land()[0]


def a_stream(arriving):
    """Two partitions of which the first has landed in an older version up to the offset 2."""
    world = a_world()
    world.kit = replace(world.kit, arriving=arriving)
    tables = MemoryTables()
    ref = tables.write("sources/landings", table(*range(1, 7)))
    dataset = DatasetVersion((), (ref,), RestoreReport(0.0, 0, 0, 0, ()))
    facts = Facts(dataset, HeldTables(tables), DuckdbEngine(threads=1), 10**18)
    arriving.topic.logs[0] += [message(1), message(2)]
    before = landed(world, arriving, facts)
    arriving.topic.logs[0] += [message(3), b"{"]
    arriving.topic.logs[1] += [message(4), message(5)]
    landed(world, arriving, facts)
    older = replace(dataset, files=tuple(event_entries(before)))
    earlier = EarlierFacts(world.kit, dataset, 10**18)
    earlier._versions, earlier._when, earlier._ids = {older.content_id: older}, [100], [older.content_id]
    return LateMessages(world.kit, facts, earlier)


def test_late_messages_are_rows_of_the_source_with_their_place():
    arriving = Arriving()
    late = a_stream(arriving)
    assert late(VIEW) is None
    arriving.beside.put(
        "landings",
        [Aside(LATE, 0, 1, "late for v", b"", 7), Aside(LATE, 1, 0, "late for w, v", b""), Aside(DEAD, 0, 3, "no", b""),
         Aside(LATE, 1, 1, "late for w", b"")],
    )  # fmt: skip
    found = late(VIEW)
    assert found.rows.drop_columns(["_event_time", "_known_time"]).to_pylist() == [
        {"e": "a", "x": 2, "_partition": 0, "_offset": 1, "_aside": 7},
        {"e": "a", "x": 4, "_partition": 1, "_offset": 0, "_aside": None},
    ]
    assert sorted(found.without_all(0).rows(VIEW)["x"].to_pylist()) == [1, 3, 5, 6]
    assert sorted(found.without(99).rows(VIEW)["x"].to_pylist()) == [1, 3, 5, 6]
    assert sorted(found.without(100).rows(VIEW)["x"].to_pylist()) == [1, 2, 3, 5, 6]


def test_a_place_that_does_not_answer_explains_nothing():
    assert a_stream(Silent())(VIEW) is None

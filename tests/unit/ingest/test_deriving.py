"""Tables are derived from sources with their times, to the last bit."""

import random
from datetime import UTC, datetime

from tests.ingested_projects import ingested

import sluiceway as sw
from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.event_landing import EventLander
from sluiceway.streams.decoding import RowDecoder


def test_rows_carry_both_times_in_utc_where_the_source_has_times(folder):
    tables = MemoryTables()
    version = ingested(folder, tables=tables)
    [first, _] = tables.read(version.table("weather")).sort_by("temp").to_pylist()
    assert first["_event_time"] == datetime(2013, 1, 1, 9, tzinfo=UTC)
    assert first["_known_time"] == datetime(2013, 1, 1, 10, tzinfo=UTC)
    flights = tables.read(version.table("flights"))
    assert flights.column("_event_time") == flights.column("_known_time")
    assert "_event_time" not in version.table("late").column_names


def test_averages_of_many_floats_are_rebuilt_to_the_last_bit():
    chance = random.Random(2)
    rows = [f"C{place % 16},{chance.gauss(0, 50):.6f}" for place in range(300_000)]
    folder = ObstoreObjects.memory()
    folder.put("delays.csv", "\n".join(["carrier,delay", *rows]).encode())
    sources = {
        "delays": Source("delays", files("delays.csv")),
        "means": Source("means", sql="SELECT carrier, avg(delay) AS mean FROM delays GROUP BY carrier"),
    }
    versions = [ingested(folder, made=Project(None, sources, "", "code")) for _ in range(3)]
    assert [version.restore.unequal for version in versions] == [()] * 3
    assert len({version.content_id for version in versions}) == 1


def test_events_that_landed_before_their_key_was_declared_are_rows_where_they_have_it():
    folder, objects = ObstoreObjects.memory(), ObstoreObjects.memory()
    folder.put("landings.csv", b"flight,landed_at\n1,2024-01-01T00:00:00Z\n")
    topic, arrived = sw.topic("landings"), MemoryTopic(1)
    arrived.append(0, [b'{"flight": %s, "landed_at": "2024-01-02T00:00:00Z"}' % flight for flight in (b"2", b"null")])

    def landings(key):
        return Source("landings", files("landings.csv"), key=key, event_time="landed_at", stream=topic)

    decoder = RowDecoder(landings(None), {"flight": "integer", "landed_at": "time"}, ["flight"])
    now, origin = datetime(2024, 2, 1, tzinfo=UTC), ("memory", "landings")
    landing, _ = EventLander("landings", origin, MemoryEvents(arrived), decoder, None, objects, now).land()
    assert landing.rows == 2
    for key, flights in ((None, [1, 2, None]), ("flight", [1, 2])):
        made, tables = Project(None, {"landings": landings(key)}, "", "code"), MemoryTables()
        version = ingested(folder, made=made, objects=objects, tables=tables)
        assert tables.read(version.table("landings"))["flight"].to_pylist() == flights

"""A small project of sources alone, ingested into stores in memory."""

import pyarrow as pa
import pyarrow.parquet as pq

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.run import run
from sluiceway.ports.progress import Silence

ENGINE = DuckdbEngine()
FLIGHTS = b"id,origin,at,delay\n1,EWR,2013-01-01T10:00:00Z,5\n2,JFK,2013-01-01T11:30:00Z,NA\n"
WEATHER = [b"origin,hour,temp\nEWR,2013-01-01 09:00:00,1\n", b"origin,hour,temp\nJFK,2013-01-01 10:00:00,2.5\n"]


def project(**sources):
    """A project with nothing but sources, which is all that stage 2 reads."""
    made = {
        "flights": Source("flights", files("data/flights.csv"), key="id", event_time="at"),
        "weather": Source(
            "weather",
            files("data/weather*.csv"),
            event_time="hour",
            known_time="hour + interval 1 hour",
            sql="SELECT * FROM weather WHERE temp IS NOT NULL",
        ),
        "late": Source("late", sql="SELECT f.id, w.temp FROM flights f JOIN weather w USING (origin)"),
    }
    return Project(None, made | sources, "", "code")


def ingested(folder, *, objects=None, tables=None, made=None, scratch=None, earlier=()):
    return run(
        made or project(),
        files=folder,
        objects=objects or ObstoreObjects.memory(),
        tables=tables or MemoryTables(),
        engine=ENGINE,
        progress=Silence(),
        scratch=scratch or ObstoreObjects.memory(),
        earlier=earlier,
    )


def parquet_bytes(table, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def arrow_bytes(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()

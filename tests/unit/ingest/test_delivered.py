"""What files hold is the same in whichever way it is read."""

import pyarrow as pa
from tests.ingested_projects import ENGINE, arrow_bytes, parquet_bytes, project

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.table_ref import Column
from sluiceway.declare.column_rules import column
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import row
from sluiceway.ingest.run import run
from sluiceway.ports.progress import Silence


def test_the_version_is_the_same_whether_its_tables_are_held_or_not(folder):
    days = [
        pa.table({"id": [1, 2, 3], "size": [1, None, 3], "vector": [[0.5, 1.0], None, [2.0]]}),
        pa.table({"id": [4, 5], "size": [0.5, -0.0], "vector": [[3, 4], []]}),
    ]
    for number, day in enumerate(days):
        folder.put(f"data/day=2013-01-0{number + 1}/part.parquet", parquet_bytes(day))
    folder.put("data/codes.arrow", arrow_bytes(pa.table({"code": pa.array(["a", "b", "a"]).dictionary_encode()})))
    apart = {"at_least": 0.5, "on_failure": "quarantine"}
    made = project(
        sizes=Source(
            "sizes",
            files("data/*/part.parquet"),
            key="id",
            event_time="day",
            known_time="day",
            expectations=[column("size").between(0, 2, **apart), row("id < 5", **apart)],
        ),
        codes=Source("codes", files("data/codes.arrow"), schema="discard"),
        sums=Source("sums", sql="SELECT day, sum(size) AS s FROM sizes GROUP BY day"),
    )
    held, on_disk = (
        run(
            made,
            files=folder,
            objects=ObstoreObjects.memory(),
            tables=MemoryTables(),
            engine=engine,
            progress=Silence(),
            scratch=ObstoreObjects.memory(),
        )
        for engine in (ENGINE, DuckdbEngine(held_bytes=0))
    )
    assert on_disk.content_id == held.content_id
    assert Column("vector", "numbers") in held.table("sizes").columns
    assert on_disk.restore.unequal == ()
    assert {table.name: table.rows for table in held.tables}["quarantine/sizes"] == 2


class Heard(Silence):
    def __init__(self):
        self.notes = []

    def say(self, text):
        self.notes += [text] if text.startswith("note: ") else []


def test_codes_that_lose_their_zeros_are_told_once_with_what_keeps_them(folder):
    for number in (1, 2):
        folder.put(f"homes/{number}.csv", b"zip,street,n\n00501,A,1\n00502,B,2\n")
    heard = Heard()
    found = files("homes/*.csv", kinds={"n": "number"})
    places = {"objects": ObstoreObjects.memory(), "tables": MemoryTables(), "scratch": ObstoreObjects.memory()}
    run(project(homes=Source("homes", found)), files=folder, engine=ENGINE, progress=heard, **places)
    (note,) = heard.notes
    assert note.startswith(
        "note: source 'homes': column zip is read as whole numbers, and values that begin with 0 lose"
    )
    assert 'sw.files("homes/*.csv", kinds={"n": "number", "zip": "text"})' in note

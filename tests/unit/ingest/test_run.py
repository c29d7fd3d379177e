"""Ingest gives the same version from the same bytes, whatever happened on the way."""

import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_extractor import MemoryExtractor
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.dataset_version import DatasetVersion, SourceFacts
from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import DamagedError, SourceError, UnknownNameError
from sluiceway.declare.column_rules import column
from sluiceway.declare.database import table
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.provenance import Provenance
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import row
from sluiceway.ingest.diff import difference
from sluiceway.ingest.landing import Lander
from sluiceway.ingest.restore import restore_to
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


@pytest.fixture
def folder():
    store = ObstoreObjects.memory()
    store.put("data/flights.csv", FLIGHTS)
    for number, data in enumerate(WEATHER):
        store.put(f"data/weather {number} ü.csv", data)
    return store


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


def test_files_are_stored_by_their_hash_and_tables_by_their_source(folder):
    objects, tables = ObstoreObjects.memory(), MemoryTables()
    version = ingested(folder, objects=objects, tables=tables)
    assert [(entry.path, entry.source) for entry in version.files] == [
        ("data/flights.csv", "flights"),
        ("data/weather 0 ü.csv", "weather"),
        ("data/weather 1 ü.csv", "weather"),
    ]
    for entry in version.files:
        assert objects.get(entry.object_key) == folder.get(entry.path)
        assert entry.date == datetime.now(UTC).date().isoformat()
    rows = tables.read(version.table("late")).sort_by("id").to_pylist()
    assert rows == [{"id": 1, "temp": 1.0}, {"id": 2, "temp": 2.5}]
    assert version.restore.unequal == ()
    assert (version.restore.files, version.restore.tables) == (3, 3)


def test_rows_carry_both_times_in_utc_where_the_source_has_times(folder):
    tables = MemoryTables()
    version = ingested(folder, tables=tables)
    [first, _] = tables.read(version.table("weather")).sort_by("temp").to_pylist()
    assert first["_event_time"] == datetime(2013, 1, 1, 9, tzinfo=UTC)
    assert first["_known_time"] == datetime(2013, 1, 1, 10, tzinfo=UTC)
    flights = tables.read(version.table("flights"))
    assert flights.column("_event_time") == flights.column("_known_time")
    assert "_event_time" not in version.table("late").column_names


def test_an_unknown_source_is_named_with_the_nearest(folder):
    with pytest.raises(UnknownNameError, match=r"no source is called 'wether'. Did you mean 'weather'"):
        ingested(folder).table("wether")


def test_the_same_bytes_give_the_same_version_in_another_place_and_at_another_time(folder):
    first = ingested(folder)
    copy = ObstoreObjects.memory()
    for info in reversed(folder.list()):
        copy.put(info.key, folder.get(info.key))
    second = ingested(copy, scratch=ObstoreObjects.memory())
    assert second.content_id == first.content_id
    assert difference(first, second).is_empty


@pytest.mark.parametrize("name", ["data/flights.csv", "data/weather 0 ü.csv"])
def test_one_changed_byte_gives_another_version(folder, name):
    before = ingested(folder)
    folder.put(name, folder.get(name).replace(b"EWR", b"LGA"))
    after = ingested(folder)
    assert after.content_id != before.content_id
    assert difference(before, after).changed == (name,)


def test_what_is_stored_already_is_not_written_again(folder, monkeypatch):
    objects = ObstoreObjects.memory()
    first = ingested(folder, objects=objects)
    monkeypatch.setattr(objects, "put", lambda key, data: pytest.fail(f"{key} was written again"))
    assert ingested(folder, objects=objects).content_id == first.content_id


def test_a_half_written_object_of_another_size_is_written_again(folder):
    objects = ObstoreObjects.memory()
    first = ingested(folder, objects=objects)
    objects.put(first.files[0].object_key, b"half")
    assert ingested(folder, objects=objects).restore.unequal == ()


def test_a_damaged_object_met_while_ingesting_is_stored_anew(folder):
    objects = ObstoreObjects.memory()
    entry = ingested(folder, objects=objects).files[0]
    objects.put(entry.object_key, FLIGHTS.replace(b"EWR", b"EVR"))
    ingested(folder, objects=objects)
    assert objects.get(entry.object_key) == FLIGHTS


def test_large_files_are_streamed_and_stored_the_same(folder, monkeypatch):
    small = ingested(folder)
    monkeypatch.setattr("sluiceway.ingest.storing.HELD_BYTES", 0)
    monkeypatch.setattr(folder, "get", lambda key: pytest.fail(f"{key} was read whole"))
    assert ingested(folder).content_id == small.content_id


def test_a_large_file_that_changes_while_it_is_stored_is_refused_and_not_stored(folder, monkeypatch):
    monkeypatch.setattr("sluiceway.ingest.storing.HELD_BYTES", 0)
    objects, stream = ObstoreObjects.memory(), folder.stream
    reads = []

    def disturbed(key):
        reads.append(key)
        if reads.count("data/flights.csv") == 2:
            folder.put("data/flights.csv", FLIGHTS.replace(b"EWR", b"LGA"))
        return stream(key)

    monkeypatch.setattr(folder, "stream", disturbed)
    with pytest.raises(SourceError, match=r"data/flights\.csv changed while it was being stored; run again"):
        ingested(folder, objects=objects)
    sizes = [info.size_bytes for info in objects.list() if info.size_bytes == len(FLIGHTS)]
    assert sizes == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            Source("x", files("data/flihgts.csv")),
            "source 'x': no file matches 'data/flihgts.csv'; did you mean 'data/flights",
        ),
        (Source("x", files("data/none/*.csv")), "source 'x': no file matches 'data/none/*.csv'; put the file there"),
        (Source("x", sql="SELECT missing FROM flights"), "source 'x': "),
        (
            Source("x", files("data/*.csv")),
            "source 'x': data/weather 0 ü.csv and data/flights.csv belong to one source",
        ),
        (Source("x", sql="SELECT id, at, id::VARCHAR AS at2 FROM flights", event_time="at2"), "source 'x': "),
    ],
)
def test_a_source_that_cannot_be_made_is_named(folder, source, words):
    made = project(x=source)
    with pytest.raises(SourceError) as refused:
        ingested(folder, made=made)
    assert str(refused.value).startswith(words)


def test_a_version_survives_being_written_down(folder):
    version = ingested(folder)
    assert decode(DatasetVersion, encode(version)) == version


def test_a_version_is_restored_into_a_real_folder_with_odd_names(folder, tmp_path):
    objects = ObstoreObjects.memory()
    version = ingested(folder, objects=objects)
    restore_to(version, objects=objects, target=ObstoreObjects.local(tmp_path / "out"))
    for entry in version.files:
        assert (tmp_path / "out" / entry.path).read_bytes() == folder.get(entry.path)


@pytest.mark.parametrize("damage", ["flipped", "gone"])
def test_a_damaged_object_is_never_restored_and_names_its_file(folder, tmp_path, damage):
    objects = ObstoreObjects.local(tmp_path / "objects")
    entry = (version := ingested(folder, objects=objects)).files[0]
    stored = tmp_path / "objects" / entry.object_key
    stored.write_bytes(FLIGHTS.replace(b"E", b"F", 1)) if damage == "flipped" else stored.unlink()
    with pytest.raises(DamagedError, match=rf"data/flights\.csv .*{entry.object_key}"):
        restore_to(version, objects=objects, target=ObstoreObjects.local(tmp_path / "out"))
    assert not (tmp_path / "out" / entry.path).exists()


CHILD = """
import sys
from pathlib import Path
from sluiceway.adapters.delta_tables import DeltaTables
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.declare.project import Project
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import row
from sluiceway.ingest.run import run

class Slow:
    def say(self, text):
        print(text, flush=True)
        if text.startswith(sys.argv[2]):
            sys.stdin.readline()
    def advance(self, done, total): pass

root = Path(sys.argv[1])
sources = {"a": Source("a", files("data/a*.csv")), "b": Source("b", sql="SELECT x + 1 AS y FROM a")}
stores = {"files": ObstoreObjects.local(root), "objects": ObstoreObjects.local(root / "o")}
version = run(Project(None, sources, "", ""), **stores,
              tables=DeltaTables(root / "t"), engine=DuckdbEngine(1), progress=Slow(), scratch=ObstoreObjects.memory())
print(version.content_id)
"""


def child(root: Path, pause: str) -> subprocess.Popen:
    command = [sys.executable, "-c", CHILD, str(root), pause]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("moment", ["stored data/a1.csv", "table a", "restoring"])
def test_killed_in_the_middle_and_run_again_it_gives_the_content_id_of_an_undisturbed_run(tmp_path, moment):
    for name in ("killed", "undisturbed"):
        (tmp_path / name / "data").mkdir(parents=True)
        for number in range(3):
            (tmp_path / name / "data" / f"a{number}.csv").write_text(
                "x\n" + "\n".join(map(str, range(number, 500))) + "\n"
            )
    process = child(tmp_path / "killed", moment)
    assert any(line.startswith(moment) for line in process.stdout)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()
    ends = [
        child(tmp_path / name, "never").communicate(timeout=60)[0].split()[-1] for name in ("killed", "undisturbed")
    ]
    assert ends[0] == ends[1]
    assert len(ends[0]) == 64


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


def test_a_version_says_of_its_sources_their_keys_and_what_their_columns_are_made_from(folder):
    declared = project(
        flights=Source(
            "flights",
            files("data/flights.csv"),
            key="id",
            event_time="at",
            provenance=Provenance(licence="CC0-1.0"),
        )
    )
    version = ingested(folder, made=declared)
    assert version.facts("flights") == SourceFacts("flights", ("id",), (), Provenance(licence="CC0-1.0"))
    assert version.facts("late").reads == ("flights", "weather")
    assert {each.column: each.made_from for each in version.facts("late").lineage} == {
        "id": (("flights", "id"),),
        "temp": (("weather", "temp"),),
    }
    assert version.content_id == ingested(folder).content_id, "what is said of rows is no part of them"


def test_sql_that_cannot_be_traced_is_said_and_does_not_stop_an_ingest(folder):
    version = ingested(folder, made=project(odd=Source("odd", sql="SELECT COLUMNS('i.*') FROM flights")))
    assert "no name of its own" in version.facts("odd").untraceable
    assert version.facts("odd").lineage == ()


def test_of_many_bytes_only_what_changed_is_read_again(folder, monkeypatch):
    monkeypatch.setattr("sluiceway.ingest.selection.REHASH_BELOW_BYTES", 1)
    objects = ObstoreObjects.memory()
    before = ingested(folder, objects=objects)
    changed = "data/weather 1 ü.csv"
    folder.put(changed, WEATHER[1].replace(b"2.5", b"3.5"))
    asked, get = [], folder.get
    monkeypatch.setattr(folder, "get", lambda key: asked.append(key) or get(key))
    after = ingested(folder, objects=objects, earlier=[before])
    assert asked == [changed]
    assert difference(before, after).changed == (changed,)
    assert ingested(folder, objects=objects).content_id == after.content_id


def test_a_file_whose_object_was_touched_since_is_read_again(folder, monkeypatch):
    monkeypatch.setattr("sluiceway.ingest.selection.REHASH_BELOW_BYTES", 1)
    objects = ObstoreObjects.memory()
    before = ingested(folder, objects=objects)
    objects.put(before.files[0].object_key, FLIGHTS.replace(b"EWR", b"EVR"))
    ingested(folder, objects=objects, earlier=[before])
    assert objects.get(before.files[0].object_key) == FLIGHTS


def landed_project(folder, held, **given):
    """A project with one source that is extracted, and what has landed of it."""
    objects, extractor = ObstoreObjects.memory(), MemoryExtractor()
    source = Source("planes", table("duckdb:///fleet", "planes", cursor="at"), **given)
    for each in held:
        extractor.put(source.extract, each)
        scratch = ObstoreObjects.memory()
        Lander(
            "planes", source.extract, extractor, objects, scratch, Silence(), datetime(2026, 1, 2, tzinfo=UTC)
        ).land()
    tables = MemoryTables()
    return ingested(folder, objects=objects, tables=tables, made=Project(None, {"planes": source}, "", "code")), tables


def test_an_extract_is_a_file_of_the_version_and_updated_rows_replace_earlier_ones_only_without_times(folder):
    one = pa.table({"id": [1, 2], "at": [10, 20], "seats": [100, 200]})
    other = pa.table({"id": [2, 1], "at": [20, 30], "seats": [200, 150]})
    version, tables = landed_project(folder, [one, other], key="id")
    assert [(entry.source, entry.landed) for entry in version.files] == [("planes", True)] * 2
    assert (version.extracts[0].rows, version.extracts[0].counted, version.extracts[0].bound) == (3, 2, "30")
    assert tables.read(version.table("planes")).to_pylist() == [
        {"id": 2, "at": 20, "seats": 200},
        {"id": 1, "at": 30, "seats": 150},
    ]
    assert version.restore.unequal == ()
    at = pa.array([datetime(2013, 1, day, tzinfo=UTC) for day in (1, 2)])
    later = pa.array([datetime(2013, 1, day, tzinfo=UTC) for day in (2, 3)])
    timed, tables = landed_project(
        folder, [one.set_column(1, "at", at), other.set_column(1, "at", later)], key="id", event_time="at"
    )
    assert tables.read(timed.table("planes")).num_rows == 3


def parquet_bytes(table, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


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


def arrow_bytes(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()

"""Ingest gives the same version from the same bytes, whatever happened on the way."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from tests.ingested_projects import FLIGHTS, ingested, project

from sluiceway.adapters.memory_extractor import MemoryExtractor
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.errors import DamagedError, SourceError, UnknownNameError
from sluiceway.declare.database import table
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.diff import difference
from sluiceway.ingest.landing import Lander
from sluiceway.ingest.restore import restore_to
from sluiceway.ports.progress import Silence


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

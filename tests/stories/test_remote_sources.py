"""Sources in a bucket are ingested like local ones: once, whole, and in spite of what happens to the server."""

import json

import pytest
from tests.s3_server import ENVIRONMENT, Wire

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.source_files import SourceFiles
from sluiceway.core.errors import SourceError
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.integrity import inspect
from sluiceway.ingest.restore import restore_to
from sluiceway.ingest.run import run
from sluiceway.ingest.selection import file_identity
from sluiceway.ports.progress import Silence

DAYS = [f"2013-01-0{day}" for day in (1, 2, 3)]
ROWS = {day: f"x,y\n{place},{place}.5\n".encode() * 1 for place, day in enumerate(DAYS)}


@pytest.fixture
def filled(lake):
    for day, data in ROWS.items():
        lake.put(f"data/dt={day}/part.csv", data)
    return lake


class Place:
    """What one project keeps."""

    def __init__(self, lake, tmp_path, pattern="data/dt=*/part.csv"):
        self.lake, self.folder, self.pattern = lake, tmp_path, f"{lake.root}/{pattern}"
        self.objects, self.tables = ObstoreObjects.local(tmp_path / "objects"), MemoryTables()

    @property
    def project(self):
        return Project(None, {"days": Source("days", files(self.pattern), event_time="dt")}, "", "")

    def reach(self, endpoint=None):
        local = ObstoreObjects.local(self.folder / "project")
        places = self.lake.places(endpoint)
        return SourceFiles(local, kept=self.objects, places=places, spool=self.folder / "spool")

    def ingest(self, endpoint=None, earlier=()):
        return run(
            self.project,
            files=self.reach(endpoint),
            objects=self.objects,
            tables=self.tables,
            engine=DuckdbEngine(),
            progress=Silence(),
            scratch=ObstoreObjects.memory(),
            earlier=earlier,
        )

    def look(self, version, endpoint=None):
        return inspect(version, files=self.reach(endpoint), objects=self.objects, tables=self.tables)


@pytest.fixture
def place(filled, tmp_path):
    return Place(filled, tmp_path)


@pytest.fixture
def wires(filled):
    made = []

    def wire(**how):
        made.append(Wire(filled.endpoint, **how))
        return made[-1]

    yield wire
    for each in made:
        each.close()


def test_a_bucket_is_ingested_with_its_partitions_and_rebuilt(place, tmp_path):
    version = place.ingest()
    assert [entry.path for entry in version.files] == [f"{place.lake.root}/data/dt={day}/part.csv" for day in DAYS]
    rows = place.tables.read(version.table("days")).sort_by("x").to_pylist()
    assert [(row["x"], row["y"], row["dt"].date().isoformat()) for row in rows] == [
        (number, number + 0.5, day) for number, day in enumerate(DAYS)
    ]
    assert (version.restore.unequal, version.restore.files) == ((), 3)
    restore_to(version, objects=place.objects, target=ObstoreObjects.local(tmp_path / "out"))
    restored = tmp_path / "out" / "_remote" / "s3" / place.lake.bucket / f"data/dt={DAYS[0]}/part.csv"
    assert restored.read_bytes() == ROWS[DAYS[0]]


def test_an_unchanged_bucket_is_looked_at_without_reading_a_byte_of_it(place, wires):
    version = place.ingest()
    wire = wires()
    assert place.look(version, wire.endpoint).changed == ()
    assert file_identity(files(place.pattern), store=place.reach(wire.endpoint))
    again = place.ingest(wire.endpoint, earlier=[version])
    assert again.content_id == version.content_id
    assert wire.got() == []
    assert 0 < len(wire.asked) < 12


def test_only_the_file_that_changed_is_read_again(place, wires):
    version = place.ingest()
    place.lake.put(f"data/dt={DAYS[1]}/part.csv", b"x,y\n77,7.5\n")
    place.lake.put("data/dt=2013-01-04/part.csv", b"x,y\n8,8.5\n")
    look = place.look(version)
    assert [line.rpartition("/data/")[2] for line in look.changed] == [
        f"dt={DAYS[1]}/part.csv: has 11 bytes, not 10",
        "dt=2013-01-04/part.csv: is new and belongs to source days",
    ]
    wire = wires()
    after = place.ingest(wire.endpoint, earlier=[version])
    assert sorted(path.rpartition("/dt")[2] for path in wire.got()) == [
        "%3D2013-01-02/part.csv",
        "%3D2013-01-04/part.csv",
    ]
    assert after.content_id != version.content_id


def test_the_same_bytes_written_anew_are_no_change(place):
    version = place.ingest()
    place.lake.put(f"data/dt={DAYS[1]}/part.csv", ROWS[DAYS[1]])
    look = place.look(version)
    assert (look.changed, look.method) == ((), "sha256, tag behind URLs")


def test_a_server_that_dies_in_the_middle_of_an_ingest_loses_nothing_and_the_next_run_resumes(place, wires, tmp_path):
    place.lake.put("data/dt=2013-01-04/part.csv", b"x,y\n" + b"4,4.5\n" * 200_000)
    undisturbed = Place(place.lake, tmp_path / "undisturbed").ingest()
    dying = wires(dies_after_bytes=400_000)
    with pytest.raises(
        SourceError, match=r"could not read 's3://.*/dt=2013-01-0\d/part\.csv'.*kept, so run again"
    ) as died:
        place.ingest(dying.endpoint)
    assert not [secret for secret in ENVIRONMENT.values() if secret in str(died.value)]
    # Files are fetched side by side, so a small one may be under way when the server dies.
    kept = place.objects.list("files")
    assert {place.objects.get(info.key) for info in kept} <= set(ROWS.values())
    resumed = wires()
    assert place.ingest(resumed.endpoint).content_id == undisturbed.content_id
    assert len(resumed.got()) == len(DAYS) + 1 - len(kept)


def test_a_key_that_vanishes_after_the_ingest_is_told_and_the_version_is_still_whole(place, tmp_path):
    version = place.ingest()
    place.lake.delete(f"data/dt={DAYS[0]}/part.csv")
    look = place.look(version)
    assert look.changed == (f"{place.lake.root}/data/dt={DAYS[0]}/part.csv: is missing",)
    assert look.damaged == ()
    restore_to(version, objects=place.objects, target=ObstoreObjects.local(tmp_path / "out"))


def test_a_key_that_vanishes_between_listing_and_reading_is_named(place):
    store = place.reach()
    listed = store.list(f"{place.lake.root}/data")
    place.lake.delete(f"data/dt={DAYS[0]}/part.csv")
    with pytest.raises(SourceError, match=r"dt=2013-01-01/part\.csv vanished while it was being read"):
        store.get(listed[0].key)


def test_a_pattern_that_nothing_matches_says_what_is_there(filled, tmp_path):
    place = Place(filled, tmp_path, "data/dt=2013-01-01/prat.csv")
    with pytest.raises(SourceError, match=r"no file matches 's3://.*prat\.csv'; did you mean 's3://.*/part\.csv'"):
        place.ingest()


def test_no_secret_is_in_the_version(place):
    from sluiceway.artifacts.codec import encode

    written = json.dumps(encode(place.ingest()).decode())
    assert not [secret for secret in ENVIRONMENT.values() if secret in written]

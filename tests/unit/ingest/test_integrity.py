"""A look at the bytes names what is damaged and what changed, by hash or by what the file system says."""

import os
from dataclasses import replace

import pytest

from sluiceway.adapters.delta_tables import DeltaTables
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.integrity import inspect, inspected
from sluiceway.ingest.run import run
from sluiceway.ports.progress import Silence

SOURCES = {"a": Source("a", files("data/a*.csv")), "b": Source("b", files("b.csv"))}
METHODS = pytest.mark.parametrize(("method", "limit"), [("sha256", 1024**3), ("stat", 0)])


@pytest.fixture
def place(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a 1.csv").write_text("x\n1\n")
    (tmp_path / "data" / "a 2.csv").write_text("x\n2\n")
    (tmp_path / "b.csv").write_text("y\n3\n")
    return tmp_path


@pytest.fixture
def stores(place):
    return {
        "files": ObstoreObjects.local(place),
        "objects": ObstoreObjects.local(place / "objects"),
        "tables": DeltaTables(place / "tables"),
    }


def ingested(stores):
    project, scratch = Project(None, SOURCES, "", "code"), ObstoreObjects.memory()
    return run(project, **stores, engine=DuckdbEngine(), progress=Silence(), scratch=scratch)


@pytest.fixture
def version(stores):
    return ingested(stores)


@METHODS
def test_nothing_is_said_of_what_is_as_it_was(version, stores, method, limit):
    report = inspect(version, **stores, rehash_below=limit)
    assert (report.damaged, report.changed, report.method) == ((), (), method)


@METHODS
def test_one_flipped_byte_in_a_stored_object_names_the_file_and_the_object(version, stores, place, method, limit):
    entry = version.files[1]
    stored = place / "objects" / entry.object_key
    flipped = bytearray(stored.read_bytes())
    flipped[-2] ^= 1
    stored.write_bytes(flipped)
    report = inspect(version, **stores, rehash_below=limit)
    assert report.damaged == (f"data/a 2.csv: object {entry.object_key} has other bytes",)
    assert report.changed == ()


@METHODS
def test_a_lost_object_is_damage(version, stores, place, method, limit):
    (place / "objects" / version.files[0].object_key).unlink()
    [damaged] = inspect(version, **stores, rehash_below=limit).damaged
    assert damaged == f"data/a 1.csv: object {version.files[0].object_key} is missing"


@METHODS
@pytest.mark.parametrize(
    ("text", "reason"), [("x\n9\n", "has other bytes"), ("x\n99\n", "has 5 bytes, not 4"), (None, "is missing")]
)
def test_a_source_that_changed_or_went_is_named_with_how(version, stores, place, method, limit, text, reason):
    path = place / "data" / "a 1.csv"
    path.unlink() if text is None else path.write_text(text)
    report = inspect(version, **stores, rehash_below=limit)
    assert report.changed == (f"data/a 1.csv: {reason}",)
    assert report.damaged == ()


@METHODS
def test_a_file_that_came_later_is_named_with_its_source(version, stores, place, method, limit):
    (place / "data" / "a 3.csv").write_text("x\n3\n")
    (place / "data" / "c.csv").write_text("x\n3\n")
    report = inspect(version, **stores, rehash_below=limit)
    assert report.changed == ("data/a 3.csv: is new and belongs to source a",)


@METHODS
def test_a_file_that_was_only_touched_is_unchanged(version, stores, place, method, limit):
    os.utime(place / "b.csv", (1, 1))
    assert inspect(version, **stores, rehash_below=limit).changed == ()


def test_above_the_limit_unchanged_tags_save_hashing(version, stores, monkeypatch):
    for store in (stores["files"], stores["objects"]):
        monkeypatch.setattr(store, "stream", lambda key: pytest.fail(f"{key} was hashed"))
    assert inspect(version, **stores, rehash_below=0).damaged == ()


def test_without_known_tags_every_byte_is_hashed_above_the_limit_too(version, stores, place):
    untagged = replace(version, files=tuple(replace(entry, source_tag="", object_tag="") for entry in version.files))
    assert inspect(untagged, **stores, rehash_below=0).changed == ()
    (place / "b.csv").write_text("y\n4\n")
    assert inspect(untagged, **stores, rehash_below=0).changed == ("b.csv: has other bytes",)


def damage_table(place, name, change):
    [file] = (place / "tables" / "sources" / name).glob("*.parquet")
    file.write_bytes(change(file.read_bytes()))


def test_a_table_with_other_bytes_is_damage_and_ingesting_again_makes_it_anew(version, stores, place):
    damage_table(place, "b", lambda whole: whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    [damaged] = inspect(version, **stores).damaged
    assert damaged.startswith("table sources/b: ")
    assert "other bytes" in damaged
    again = run(
        Project(None, SOURCES, "", "code"),
        **stores,
        engine=DuckdbEngine(),
        progress=Silence(),
        scratch=ObstoreObjects.memory(),
    )
    assert again.content_id == version.content_id
    assert inspect(version, **stores).damaged == ()


@METHODS
def test_a_table_cut_short_is_damage(version, stores, place, method, limit):
    damage_table(place, "a", lambda whole: whole[:100])
    [damaged] = inspect(version, **stores, rehash_below=limit).damaged
    assert damaged == "table sources/a: a file is missing or cut short"


def test_the_limit_counts_the_bytes_of_the_source_files(version, stores):
    total = sum(entry.size_bytes for entry in version.files)
    methods = [inspect(version, **stores, rehash_below=limit).method for limit in (total, total + 1)]
    assert methods == ["stat", "sha256"]


def test_the_look_does_not_change_what_the_version_is(version, stores):
    seen = inspected(version, **stores)
    assert seen.integrity is not None
    assert version.integrity is None
    assert seen.content_id == version.content_id

"""The proof of a rebuild finds what does not come out the same, by name."""

from dataclasses import replace

import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.restore import prove_restore
from sluiceway.ingest.run import run
from sluiceway.ports.progress import Silence

SOURCES = {
    "a": Source("a", files("a.csv")),
    "b": Source("b", sql="SELECT x, count(*) AS n FROM a GROUP BY x"),
}
PROJECT = Project(None, SOURCES, "", "code")


@pytest.fixture
def stores():
    files_, objects = ObstoreObjects.memory(), ObstoreObjects.memory()
    files_.put("a.csv", b"x\n1\n1\n2\n")
    return files_, objects


def ingested(project, stores, engine=None):
    return run(
        project,
        files=stores[0],
        objects=stores[1],
        tables=MemoryTables(),
        engine=engine or DuckdbEngine(),
        progress=Silence(),
        scratch=ObstoreObjects.memory(),
    )


@pytest.fixture
def version(stores):
    return run(
        PROJECT,
        files=stores[0],
        objects=stores[1],
        tables=MemoryTables(),
        engine=DuckdbEngine(),
        progress=Silence(),
        scratch=ObstoreObjects.memory(),
    )


def proof(version, objects, *, project=PROJECT, entries=None, tables=None):
    return prove_restore(
        project,
        version.files if entries is None else entries,
        version.tables if tables is None else tables,
        objects=objects,
        engine=DuckdbEngine(),
        progress=Silence(),
        scratch=ObstoreObjects.memory(),
    )


def test_an_intact_store_rebuilds_everything_without_the_sources(version, stores):
    report = proof(version, stores[1])
    assert (report.files, report.size_bytes, report.tables, report.unequal) == (1, 8, 2, ())
    assert report.seconds > 0


def test_a_flipped_byte_is_named_by_file_and_object(version, stores):
    [entry] = version.files
    stores[1].put(entry.object_key, b"x\n1\n1\n3\n")
    assert proof(version, stores[1]).unequal == (f"a.csv ({entry.object_key})",)


def test_a_lost_object_is_named_by_file_and_object(version):
    [entry] = version.files
    assert proof(version, ObstoreObjects.memory()).unequal == (f"a.csv ({entry.object_key})",)


def test_a_table_that_comes_out_otherwise_is_named(version, stores):
    changed = [version.tables[0], replace(version.tables[1], content_id="0" * 64)]
    assert proof(version, stores[1], tables=changed).unequal == ("table sources/b",)


class Moody(DuckdbEngine):
    """An engine that gives a row more each time it is asked."""

    asked = 0

    def query(self, sql, tables, *, in_order=False):
        self.asked += 1
        return super().query(f"FROM ({sql}) UNION ALL SELECT {self.asked}", tables, in_order=in_order)


def test_sql_that_gives_other_rows_each_time_is_found_out(stores):
    project = Project(None, {**SOURCES, "b": Source("b", sql="SELECT x FROM a")}, "", "code")
    version = run(
        project,
        files=stores[0],
        objects=stores[1],
        tables=MemoryTables(),
        engine=Moody(),
        progress=Silence(),
        scratch=ObstoreObjects.memory(),
    )
    assert version.restore.unequal == ("table sources/b",)


def test_sql_that_fails_in_the_rebuild_names_what_was_not_rebuilt(version, stores):
    broken = {**SOURCES, "b": Source("b", sql="SELECT x / 'a' AS n FROM a")}
    [unequal] = proof(version, stores[1], project=Project(None, broken, "", "code")).unequal
    assert unequal.startswith("tables after the first 1: source 'b': ")


def test_what_was_not_rebuilt_is_not_counted(version, stores):
    lost = proof(version, ObstoreObjects.memory())
    assert (lost.files, lost.size_bytes, lost.tables) == (0, 0, 0)
    fewer = Project(None, {"a": SOURCES["a"]}, "", "code")
    assert proof(version, stores[1], project=fewer).tables == 1
    broken = {**SOURCES, "b": Source("b", sql="SELECT x / 'a' AS n FROM a")}
    report = proof(version, stores[1], project=Project(None, broken, "", "code"))
    assert (report.files, report.tables) == (1, 1)


def test_only_the_scratch_place_is_written_to(version, stores):
    before = [info.tag for info in stores[1].list()]
    scratch = ObstoreObjects.memory()
    prove_restore(
        PROJECT,
        version.files,
        version.tables,
        objects=stores[1],
        engine=DuckdbEngine(),
        progress=Silence(),
        scratch=scratch,
    )
    assert [info.tag for info in stores[1].list()] == before
    assert scratch.get("a.csv") == b"x\n1\n1\n2\n"

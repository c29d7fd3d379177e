"""The proof of a rebuild finds what does not come out the same, by name."""

from dataclasses import replace

import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import reference
from sluiceway.ingest.restore import Extent, Places, prove_restore
from sluiceway.ingest.run import run
from sluiceway.ingest.sampling import draw
from sluiceway.ports.progress import Silence
from sluiceway.stats.missed_share import missed_share

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


def proof(version, objects, *, project=PROJECT, entries=None, tables=None, sources=None, whole_below=1 << 40):
    return prove_restore(
        project,
        version.files if entries is None else entries,
        version.tables if tables is None else tables,
        places=Places(sources or ObstoreObjects.memory(), objects, ObstoreObjects.memory()),
        engine=DuckdbEngine(),
        progress=Silence(),
        extent=Extent(whole_below, 100.0),
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

    def derive(self, sql, tables):
        self.asked += 1
        return super().derive(f"FROM ({sql}) UNION ALL SELECT {self.asked}", tables)


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
        places=Places(*stores, scratch),
        engine=DuckdbEngine(),
        progress=Silence(),
        extent=Extent(1 << 40),
    )
    assert [info.tag for info in stores[1].list()] == before
    assert scratch.get("a.csv") == b"x\n1\n1\n2\n"


def origins(report):
    return [(each.source, each.from_source, each.from_objects) for each in report.origins]


def test_a_source_that_is_there_unchanged_is_what_is_rebuilt_from(version, stores):
    report = proof(version, ObstoreObjects.memory(), sources=stores[0])
    assert origins(report) == [("a", 1, 0)]
    assert (report.files, report.tables, report.unequal) == (1, 2, ())


@pytest.mark.parametrize("now", [b"x\n9\n9\n9\n", b"", None], ids=["changed", "empty", "gone"])
def test_a_source_that_is_not_what_it_was_is_rebuilt_from_stored_objects(version, stores, now):
    sources = ObstoreObjects.memory()
    if now is not None:
        sources.put("a.csv", now)
    report = proof(version, stores[1], sources=sources)
    assert origins(report) == [("a", 0, 1)]
    assert report.unequal == ()
    lost = proof(version, ObstoreObjects.memory(), sources=sources)
    assert lost.unequal == (f"a.csv ({version.files[0].object_key})",)


MANY = 400
KEYED = Source("parts", files("parts/*.csv"), key="x")
PARTS = {
    "parts": KEYED,
    "few": Source("few", files("a.csv")),
    "sums": Source("sums", sql="SELECT sum(x) AS s FROM parts"),
    "again": Source("again", sql="SELECT s FROM Sums"),
    "ruled": Source(
        "ruled", files("b.csv"), expectations=[reference("x", KEYED, at_least=0.1, on_failure="quarantine")]
    ),
}


@pytest.fixture(scope="module")
def many():
    folder, objects = ObstoreObjects.memory(), ObstoreObjects.memory()
    folder.put("a.csv", b"x\n1\n")
    folder.put("b.csv", b"x\n1\n")
    for number in range(MANY):
        folder.put(f"parts/{number:03}.csv", f"x\n{number}\n".encode())
    project = Project(None, PARTS, "", "code")
    return project, ingested(project, (folder, objects)), objects


def test_a_large_set_is_rebuilt_by_a_sample_with_a_stated_bound(many):
    project, version, objects = many
    report = proof(version, objects, project=project, whole_below=1)
    assert (report.files, report.tables, report.unequal) == (302, 1, ())
    assert report.sample.of == MANY + 2
    assert report.sample.tables == ("sources/parts", "sources/sums", "sources/again", "sources/ruled")
    assert report.sample.missed == missed_share(drawn=300, of=MANY)
    assert 100.0 < report.sample.estimated_s < 160.0, "the tables took 100 s before"


def test_a_small_set_is_rebuilt_whole(many):
    project, version, objects = many
    report = proof(version, objects, project=project)
    assert (report.files, report.tables, report.sample) == (MANY + 2, 5, None)


def test_the_same_set_gives_the_same_sample_in_any_order_and_another_set_another(many):
    _, version, _ = many
    chosen = draw(version.files, whole_below=1)
    assert set(draw(version.files[::-1], whole_below=1).entries) == set(chosen.entries)
    other = [replace(entry, sha256=entry.sha256[::-1]) for entry in version.files]
    assert {entry.path for entry in draw(other, whole_below=1).entries} != {entry.path for entry in chosen.entries}


def test_files_that_are_few_are_never_sampled_however_large(version, stores):
    assert proof(version, stores[1], whole_below=0).sample is None


def test_damage_in_a_sampled_file_is_found(many):
    project, version, objects = many
    drawn = draw(version.files, whole_below=1).entries
    entry = next(each for each in drawn if each.source == "parts")
    broken = [replace(each, sha256="0" * 64) if each == entry else each for each in version.files]
    chosen = {each.path for each in draw(broken, whole_below=1).entries}
    report = proof(version, objects, project=project, entries=broken, whole_below=1)
    assert bool(report.unequal) == (entry.path in chosen)
    assert proof(version, objects, project=project, entries=broken).unequal != ()

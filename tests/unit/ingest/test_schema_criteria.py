"""A schema that changes at the source is told by gate 2, and does what the source declares."""

from datetime import UTC, datetime

import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.errors import SourceError
from sluiceway.core.verdict import Outcome
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.run import run
from sluiceway.ingest.schema_criteria import schema_criteria
from sluiceway.ports.progress import Silence

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLD, WIDER = b"id,n\n1,2\n", b"id,n,extra\n3,4.5,z\n4,5,\n"


class World:
    """A folder, and what is kept of it."""

    def __init__(self, policy, sql=None):
        self.folder, self.objects, self.tables = ObstoreObjects.memory(), ObstoreObjects.memory(), MemoryTables()
        self.project = Project(None, {"s": Source("s", files("d/*.csv"), schema=policy, sql=sql)}, "", "")
        self.folder.put("d/a.csv", OLD)

    def ingest(self, *earlier):
        return run(
            self.project,
            files=self.folder,
            objects=self.objects,
            tables=self.tables,
            engine=DuckdbEngine(),
            progress=Silence(),
            scratch=ObstoreObjects.memory(),
            earlier=earlier,
        )

    def rows(self, version):
        return self.tables.read(version.table("s")).to_pylist()


def told(version):
    return [(each.measured, each.outcome, each.detail) for each in schema_criteria(version)]


def test_evolve_accepts_a_new_and_a_widened_column_and_says_so():
    world = World("evolve")
    first = world.ingest()
    assert told(first) == [(0, Outcome.PASSED, "2 columns; the first version")]
    world.folder.put("d/b.csv", WIDER)
    second = world.ingest(first)
    assert second.restore.unequal == ()
    assert world.rows(second) == [
        {"id": 1, "n": 2.0, "extra": None},
        {"id": 3, "n": 4.5, "extra": "z"},
        {"id": 4, "n": 5.0, "extra": None},
    ]
    [(count, outcome, detail)] = told(second)
    assert (count, outcome) == (2, Outcome.PASSED)
    assert detail.startswith("extra is new (text), n widened from integer to number; accepted; compared with version ")
    assert second.schemas[0].uneven == ("extra",)


def test_freeze_stops_until_the_change_is_accepted():
    world = World("freeze")
    first = world.ingest()
    world.folder.put("d/b.csv", WIDER)
    [criterion] = schema_criteria(world.ingest(first))
    assert criterion.outcome is Outcome.STOPPED
    assert (criterion.name, criterion.measured, criterion.limit) == ("s: changed columns (freeze)", 2, 0)
    assert 'accept it with schema="evolve"' in criterion.detail


def test_freeze_lets_more_rows_of_the_same_columns_through():
    world = World("freeze")
    first = world.ingest()
    world.folder.put("d/b.csv", OLD)
    assert [outcome for _, outcome, _ in told(world.ingest(first))] == [Outcome.PASSED]


def test_freeze_stops_a_first_version_whose_files_differ():
    world = World("freeze")
    world.folder.put("d/b.csv", WIDER)
    [(count, outcome, detail)] = told(world.ingest())
    assert (count, outcome) == (1, Outcome.STOPPED)
    assert "extra is missing in some of its files" in detail


def test_discard_drops_what_is_unknown_and_counts_it_and_rebuilds_the_same():
    world = World("discard")
    first = world.ingest()
    world.folder.put("d/b.csv", WIDER)
    second = world.ingest(first)
    assert second.restore.unequal == ()
    assert [set(row) for row in world.rows(second)] == [{"id", "n"}] * 3
    [(count, outcome, detail)] = told(second)
    assert (count, outcome) == (2, Outcome.PASSED)
    assert "extra is new (dropped)" in detail
    assert "extra dropped with 1 values; unknown columns are dropped" in detail
    world.folder.put("d/c.csv", OLD)
    third = world.ingest(second, first)
    assert [set(row) for row in world.rows(third)] == [{"id", "n"}] * 4


def test_not_declared_a_change_between_versions_is_accepted_and_told():
    world = World(None)
    first = world.ingest()
    assert told(first) == []
    world.folder.put("d/a.csv", WIDER)
    [(count, outcome, detail)] = told(world.ingest(first))
    assert (count, outcome) == (2, Outcome.PASSED)
    assert "accepted, as nothing else is declared" in detail


def test_not_declared_files_that_differ_are_refused_with_what_to_declare():
    world = World(None)
    world.folder.put("d/b.csv", WIDER)
    with pytest.raises(SourceError, match=r'different columns.*schema="evolve"'):
        world.ingest()


def test_the_source_is_compared_before_its_sql():
    world = World("freeze", sql="SELECT id FROM s")
    first = world.ingest()
    world.folder.put("d/a.csv", WIDER)
    second = world.ingest(first)
    assert set(world.rows(second)[0]) == {"id"}
    assert [outcome for _, outcome, _ in told(second)] == [Outcome.STOPPED]


def test_a_dropped_and_a_renamed_column_are_told():
    world = World("evolve")
    first = world.ingest()
    world.folder.put("d/a.csv", b"ident,n\n1,2\n")
    [(_, _, detail)] = told(world.ingest(first))
    assert "ident is new (integer), perhaps id renamed, id vanished (it was integer)" in detail


def test_the_same_version_made_again_is_compared_with_the_one_before():
    world = World("evolve")
    first = world.ingest()
    world.folder.put("d/b.csv", WIDER)
    second = world.ingest(first)
    again = world.ingest(second, first)
    assert (again.content_id, again.changes) == (second.content_id, second.changes)
    assert decode(DatasetVersion, encode(again)) == again


def test_whole_numbers_become_text_where_other_files_have_text():
    world = World("evolve")
    world.folder.put("d/b.csv", b"id,n\nA7,1\n")
    assert [row["id"] for row in world.rows(world.ingest())] == ["1", "A7"]

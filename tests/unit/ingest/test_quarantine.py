"""Rows in quarantine are nowhere else, and gate 2 proves both sides."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.errors import SourceError
from sluiceway.declare.column_rules import column
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import reference, row
from sluiceway.ingest.run import run
from sluiceway.ports.progress import Silence

FLIGHTS = b"id,dest,at,delay\n1,MIA,2013-01-01,5\n2,XXX,2013-01-02,7\n3,SFO,2013-01-03,-900\n4,SFO,2013-01-04,NA\n"
AIRPORTS = Source("airports", files("airports.csv"), key="faa")
RULES = (
    column("delay").between(-120, 2880, at_least=0.5, on_failure="quarantine"),
    reference("dest", AIRPORTS, at_least=0.5, on_failure="quarantine"),
)


def ingested(*rules, flights=FLIGHTS, **more):
    store, tables = ObstoreObjects.memory(), MemoryTables()
    for number, part in enumerate([flights] if isinstance(flights, bytes) else flights):
        store.put(f"flights/{number}.csv", part)
    store.put("airports.csv", b"faa\nMIA\nSFO\n")
    source = Source("flights", files("flights/*.csv"), key="id", event_time="at", expectations=rules)
    late = Source("late", sql="SELECT id, delay > 0 AS late FROM flights")
    sources = {"airports": AIRPORTS, "flights": replace(source, **more), "late": late}
    version = run(
        Project(None, sources, "", "code"),
        files=store,
        objects=ObstoreObjects.memory(),
        tables=tables,
        engine=DuckdbEngine(),
        progress=Silence(),
        scratch=ObstoreObjects.memory(),
    )
    return version, tables


def ids(tables, ref):
    return sorted(tables.read(ref)["id"].to_pylist())


def test_rows_that_break_a_rule_are_in_quarantine_and_in_no_other_table():
    version, tables = ingested(*RULES)
    assert ids(tables, version.table("flights")) == [1, 4]
    assert ids(tables, version.table("late")) == [1, 4]
    apart = tables.read(version.quarantined("flights")).sort_by("id").to_pylist()
    assert [(each["id"], each["_broken_rules"]) for each in apart] == [
        (2, "dest refers to airports.faa"),
        (3, "delay between -120 and 2880"),
    ]
    assert all(each["_known_time"] is not None for each in apart)


def test_the_rebuild_covers_both_sides():
    version, _ = ingested(*RULES)
    assert version.restore.unequal == ()
    assert version.restore.tables == len(version.tables) == 4


def test_a_version_without_broken_rows_is_the_one_without_rules():
    plain, _ = ingested()
    ruled, _ = ingested(column("id").between(1, 9, at_least=0.5, on_failure="quarantine"))
    assert ruled.content_id == plain.content_id
    assert ruled.quarantined("flights") is None


def test_the_order_of_the_lines_changes_nothing():
    head, *lines = FLIGHTS.splitlines(keepends=True)
    turned, _ = ingested(*RULES, flights=b"".join([head, *lines[::-1]]))
    version, _ = ingested(*RULES)
    assert [each.content_id for each in turned.tables] == [each.content_id for each in version.tables]


@settings(deadline=None, max_examples=20)
@given(order=st.permutations(FLIGHTS.splitlines(keepends=True)[1:]), cuts=st.sets(st.integers(1, 3)))
def test_how_rows_are_ordered_and_cut_into_files_changes_no_table(order, cuts):
    head, edges = FLIGHTS.splitlines(keepends=True)[0], [0, *sorted(cuts), 4]
    pieces = [b"".join([head, *order[start:end]]) for start, end in pairwise(edges)]
    cut, _ = ingested(*RULES, flights=pieces)
    version, _ = ingested(*RULES)
    assert [each.content_id for each in cut.tables] == [each.content_id for each in version.tables]


def test_a_row_that_breaks_two_rules_names_both_and_a_condition_that_is_unknown_breaks_none():
    both = b"id,dest,at,delay\n1,XXX,2013-01-01,-900\n2,MIA,2013-01-02,NA\n"
    version, tables = ingested(*RULES, row("delay > -500", at_least=0.1, on_failure="quarantine"), flights=both)
    [apart] = tables.read(version.quarantined("flights")).to_pylist()
    names = ["delay between -120 and 2880", "dest refers to airports.faa", "row: delay > -500"]
    assert apart["_broken_rules"] == "; ".join(names)
    assert ids(tables, version.table("flights")) == [2]


def test_a_rule_that_does_not_fit_the_data_names_source_and_column():
    with pytest.raises(SourceError, match="source 'flights': gone is not missing: there is no column 'gone'"):
        ingested(column("gone").not_null(at_least=0.5, on_failure="quarantine"))

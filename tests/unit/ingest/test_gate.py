"""Gate 2 stops at slow or unequal rebuilds, damage, change, and when nobody looked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from sluiceway.artifacts.dataset_version import (
    DatasetVersion,
    Extract,
    FileEntry,
    IntegrityReport,
    RebuiltFrom,
    RestoreReport,
    RestoreSample,
)
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.core.verdict import NO_OVERRIDES, Outcome, Override, Overrides
from sluiceway.declare.spec import Acceptance
from sluiceway.ingest.gate import gate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILE = FileEntry("data/a b.csv", "ab" * 32, "2025-12-31", 10, "a")
TABLE = TableRef("sources/a", "cd" * 32, 2, (Column("x", "integer"),))
RESTORE = RestoreReport(3600.0, 1, 10, 1, ())
INTACT = IntegrityReport((), (), "sha256")
GOOD = DatasetVersion((FILE,), (TABLE,), RESTORE, INTACT)
PROMISE = SimpleNamespace(spec=SimpleNamespace(acceptance=Acceptance()))


def judged(version, overrides=NO_OVERRIDES, now=NOW):
    return gate(version, PROMISE, overrides, now)


def test_fewer_rows_than_the_origin_counted_stop():
    extract = Extract("orders", "postgresql://shop/orders", 9, 10, "", "2026-01-01T00:00:00Z")
    assert judged(replace(GOOD, extracts=(replace(extract, rows=10),))).is_open
    [stopped] = judged(replace(GOOD, extracts=(extract,))).closed
    assert (stopped.name, stopped.measured, stopped.limit) == ("extracted rows, orders", 9, 10)
    assert judged(replace(GOOD, extracts=(replace(extract, counted=None),))).is_open


def test_gate_opens_on_an_intact_version_at_the_very_limit():
    assert judged(GOOD).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"restore": replace(RESTORE, seconds=3600.1)}, ["rebuild, s"]),
        ({"restore": replace(RESTORE, seconds=float("nan"))}, ["rebuild, s"]),
        ({"restore": replace(RESTORE, unequal=("table sources/a",))}, ["rebuilt unequal"]),
        ({"restore": replace(RESTORE, files=0)}, ["rebuild covers everything"]),
        ({"restore": replace(RESTORE, tables=0)}, ["rebuild covers everything"]),
        ({"files": (), "tables": (), "restore": replace(RESTORE, files=0, tables=0)}, ["files and tables"]),
        ({"integrity": replace(INTACT, damaged=("data/a b.csv: object files/ab",))}, ["damaged objects"]),
        ({"integrity": replace(INTACT, changed=("data/a b.csv: is missing",))}, ["changed sources"]),
        ({"integrity": None}, ["damaged objects", "changed sources"]),
    ],
)
def test_gate_stops_at_the_one_thing_that_is_wrong(change, names):
    verdict = judged(replace(GOOD, **change))
    assert verdict.outcome is Outcome.STOPPED
    assert [criterion.name for criterion in verdict.closed] == names


def test_damage_and_change_are_named_with_what_to_do():
    look = IntegrityReport(("data/a b.csv: object files/ab/ab",), ("data/a b.csv: is missing",), "stat")
    damaged, changed = judged(replace(GOOD, integrity=look)).closed
    assert damaged.detail == (
        "data/a b.csv: object files/ab/ab; sluiceway run --again ingest stores them anew from their sources"
    )
    assert changed.detail == "data/a b.csv: is missing; sluiceway run ingests a new version"


def test_many_names_are_cut_with_their_count():
    look = IntegrityReport((), tuple(f"{number}.csv: is missing" for number in range(8)), "stat")
    [changed] = judged(replace(GOOD, integrity=look)).closed
    assert "4.csv: is missing and 3 more;" in changed.detail
    assert "5.csv" not in changed.detail


def test_a_version_nobody_looked_at_says_so():
    assert {criterion.detail for criterion in judged(replace(GOOD, integrity=None)).closed} == {"not inspected"}


def test_the_way_of_looking_is_on_record():
    details = {criterion.name: criterion.detail for criterion in judged(GOOD).criteria}
    assert details["damaged objects"] == "compared by sha256"


def test_an_override_opens_for_this_dataset_until_it_ends():
    changed = replace(GOOD, integrity=replace(INTACT, changed=("data/a b.csv: is missing",)))
    [closed] = judged(changed).closed
    until = NOW + timedelta(days=1)
    overrides = Overrides((Override(closed.check, changed.content_id, "ada", "moved on purpose", until),))
    assert judged(changed, overrides).outcome is Outcome.OVERRIDDEN
    assert judged(changed, overrides, until).outcome is Outcome.STOPPED
    other = replace(changed, files=(replace(FILE, sha256="ef" * 32),))
    assert judged(other, overrides).outcome is Outcome.STOPPED


SAMPLE = RestoreSample(1, 1, 0.0099, ("sources/a",), 3600.0)
SAMPLED = replace(GOOD, restore=RestoreReport(1.0, 1, 10, 0, (), (), SAMPLE))


def test_gate_opens_on_a_sample_whose_estimate_keeps_the_limit_and_says_that_it_is_one():
    verdict = judged(SAMPLED)
    assert verdict.outcome is Outcome.PASSED
    said = {criterion.name: criterion.detail for criterion in verdict.criteria}
    assert said["rebuild, s, estimated"] == "an estimate for the whole: 1 of 1 files took 1.0 s"
    assert said["rebuild covers a sample"] == "not derived again: sources/a"
    assert "95 %" in said["damaged share that the sample could miss"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"estimated_s": 3600.1}, "rebuild, s, estimated"),
        ({"estimated_s": float("nan")}, "rebuild, s, estimated"),
        ({"missed": 0.0101}, "damaged share that the sample could miss"),
        ({"missed": float("nan")}, "damaged share that the sample could miss"),
        ({"files": 0}, "rebuild covers a sample"),
        ({"files": 2}, "rebuild covers a sample"),
        ({"of": 2}, "rebuild covers a sample"),
        ({"tables": ()}, "rebuild covers a sample"),
    ],
)
def test_gate_stops_at_the_one_thing_that_is_wrong_with_a_sample(change, name):
    verdict = judged(replace(SAMPLED, restore=replace(SAMPLED.restore, sample=replace(SAMPLE, **change))))
    assert [criterion.name for criterion in verdict.closed] == [name]


def test_gate_says_of_each_source_where_it_was_rebuilt_from():
    origins = (RebuiltFrom("a", 1, 0), RebuiltFrom("b", 0, 2), RebuiltFrom("c", 3, 0), RebuiltFrom("d", 1, 1))
    verdict = judged(replace(GOOD, restore=replace(RESTORE, origins=origins)))
    [covers] = [criterion for criterion in verdict.criteria if criterion.name == "rebuild covers everything"]
    assert covers.measured == (
        "1 files, 1 tables; a, c from the source; b from stored objects; d 1 from the source, 1 from stored objects"
    )

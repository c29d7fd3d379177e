"""What a look into two versions of a table finds, beside the same counted by hand."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport, SourceFacts
from sluiceway.cli.difference_text import difference_lines
from sluiceway.core.errors import UnknownTableError
from sluiceway.ingest import table_diff
from sluiceway.ingest.diff import difference, masked
from sluiceway.ingest.table_diff import measured

ENGINE = DuckdbEngine(1)
JUNE, JULY = datetime(2013, 6, 1, tzinfo=UTC), datetime(2013, 7, 1, tzinfo=UTC)


def looked(before, after, *, key=("k",)):
    """The difference of one table that is ``before`` in one version and ``after`` in the other."""
    store = MemoryTables()
    versions = []
    for table in (before, after):
        refs = () if table is None else (store.write("sources/a", pa.table(table)),)
        version = DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ()), sources=(SourceFacts("a", tuple(key)),))
        versions.append(version)
    found = difference(*versions)
    return measured(found, *versions, tables=store, engine=ENGINE)


ROWS = st.lists(st.tuples(st.sampled_from([None, 1, 2, 3]), st.sampled_from([None, "a", "b"])), max_size=8)


@given(ROWS, ROWS)
@settings(deadline=None, max_examples=60)
def test_keys_are_counted_as_by_hand_whatever_repeats_or_is_missing(before, after):
    sides = [
        {"k": pa.array([k for k, _ in rows], pa.int64()), "v": pa.array([v for _, v in rows], pa.string())}
        for rows in (before, after)
    ]
    found = looked(*sides).tables
    grouped = []
    for rows in (before, after):
        by_key = defaultdict(Counter)
        for k, v in rows:
            by_key[k][v] += 1
        grouped.append(by_key)
    then, now = grouped
    if not found:
        assert then == now
        return
    keys = found[0].keys
    changed = sum(then[k] != now[k] for k in then.keys() & now.keys())
    assert (keys.added, keys.removed, keys.changed) == (len(now.keys() - then), len(then.keys() - now), changed)


def test_which_columns_changed_is_counted_by_key():
    before = {"k": [1, 2, 3], "v": ["a", "b", "c"], "w": [1.0, None, 3.0]}
    after = {"k": [1, 2, 3], "v": ["a", "x", "y"], "w": [1.0, 2.0, 3.0]}
    [table] = looked(before, after).tables
    assert (table.keys.changed, dict(table.keys.by_column)) == (2, {"v": 2, "w": 1})


def test_a_column_that_only_one_side_has_changes_no_key():
    [table] = looked({"k": [1, 2], "v": ["a", "b"]}, {"k": [1, 2], "v": ["a", "b"], "new": [1, 2]}).tables
    assert table.columns_added == ("new",)
    assert (table.keys.added, table.keys.removed, table.keys.changed) == (0, 0, 0)
    assert [(change.name, change.before) for change in table.columns] == [("new", None)]


def test_a_key_of_several_odd_columns_is_taken_together():
    before = {'a "b"': [1, 1, 2], "c;": ["x", "y", "x"], "v": [1, 2, 3]}
    after = {'a "b"': [1, 1, 2], "c;": ["x", "y", "z"], "v": [1, 9, 3]}
    [table] = looked(before, after, key=('a "b"', "c;")).tables
    assert (table.keys.added, table.keys.removed, table.keys.changed) == (1, 1, 1)


@pytest.mark.parametrize("key", [(), ("none",)])
def test_without_a_key_in_both_keys_are_not_compared(key):
    [table] = looked({"k": [1]}, {"k": [2]}, key=key).tables
    assert table.keys is None


def test_statistics_tell_missing_distinct_mean_and_bounds_by_type():
    before = {"k": [1, 2], "n": [1.0, None], "s": ["a", "b"], "t": [JUNE, JUNE], "b": [True, False]}
    after = {"k": [1, 2], "n": [1.0, 4.0], "s": ["b", "b"], "t": [JUNE, JULY], "b": [True, True]}
    [table] = looked(before, after).tables
    found = {change.name: (change.before, change.after) for change in table.columns}
    assert set(found) == {"n", "s", "t", "b"}
    then, now = found["n"]
    assert (then.missing, then.distinct, then.mean, then.low, then.high) == (0.5, 1, 1.0, 1.0, 1.0)
    assert (now.missing, now.distinct, now.mean, now.low, now.high) == (0.0, 2, 2.5, 1.0, 4.0)
    then, now = found["s"]
    assert (then.distinct, now.distinct, now.mean, now.low, now.high) == (2, 1, None, None, None)
    assert (found["t"][1].low, found["t"][1].high) == (JUNE, JULY)
    assert (found["b"][0].mean, found["b"][1].mean) == (0.5, 1.0)


def test_the_values_of_texts_are_never_shown():
    found = looked({"k": [1], "s": ["ana@example.org"]}, {"k": [1], "s": ["bob@example.org"]})
    assert "example.org" not in repr(found) + "\n".join(difference_lines(found))


def test_a_table_without_rows_has_no_share_of_missing_values():
    [table] = looked({"k": pa.array([], pa.int64())}, {"k": [1]}).tables
    [change] = table.columns
    assert (change.before.missing, change.after.missing) == (None, 0.0)
    assert "missing - -> 0.00%" in "\n".join(difference_lines(looked({"k": pa.array([], pa.int64())}, {"k": [1]})))


def test_tables_that_come_and_go_have_statistics_on_one_side():
    [table] = looked(None, {"k": [1]}).tables
    assert (table.keys, [(change.name, change.before) for change in table.columns]) == (None, [("k", None)])


def test_many_distinct_values_are_estimated_and_said_to_be(monkeypatch):
    monkeypatch.setattr(table_diff, "COUNTED_UP_TO", 2)
    found = looked({"k": [1, 2, 3]}, {"k": [1, 2, 4, 5]})
    assert found.tables[0].columns[0].after.distinct_is_estimated
    assert "distinct about 3 -> about 4" in "\n".join(difference_lines(found))


def test_rows_that_are_gone_are_an_error_and_no_difference():
    version = DatasetVersion(
        (), (MemoryTables().write("sources/a", pa.table({"k": [1]})),), RestoreReport(0.0, 0, 0, 0, ())
    )
    empty = replace(version, tables=())
    with pytest.raises(UnknownTableError):
        measured(difference(empty, version), empty, version, tables=MemoryTables(), engine=ENGINE)


def test_the_words_name_files_keys_and_what_changed():
    found = looked({"k": [1, 2], "v": [1.0, 2.0]}, {"k": [2, 3], "v": [5.0, 2.0]})
    lines = difference_lines(replace(found, added=("new.csv",)))
    assert lines[0] == "  + new.csv"
    assert "      keys (k): 1 added, 1 removed, 1 changed (v of 1)" in lines
    assert any(line.startswith("      v: mean 1.5 -> 3.5; min 1 -> 2; max 2 -> 5") for line in lines)


def test_a_sensitive_column_shows_that_it_changed_and_no_value():
    found = looked({"k": [1], "fare": [71.0], "miles": [3]}, {"k": [1], "fare": [93.0], "miles": [4]})
    shown = masked(found, lambda source: frozenset({"fare"}) if source == "a" else frozenset())
    words = "\n".join(difference_lines(shown))
    assert "fare: sensitive, so that no value is shown" in words
    assert "71" not in words
    assert "93" not in words
    assert "miles: mean 3 -> 4; min 3 -> 4; max 3 -> 4" in words

"""Two versions differ by files, rows and columns."""

from sluiceway.artifacts.dataset_version import DatasetVersion, FileEntry, RestoreReport
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.ingest.diff import TableDifference, difference

RESTORE = RestoreReport(1.0, 1, 1, 1, ())


def version(files, tables):
    entries = tuple(FileEntry(path, sha * 32, "2025-12-31", 1, "a") for path, sha in files.items())
    refs = [
        TableRef(name, content * 32, rows, tuple(Column(*column) for column in columns.items()))
        for name, (content, rows, columns) in tables.items()
    ]
    return DatasetVersion(entries, tuple(refs), RESTORE)


def test_a_version_does_not_differ_from_itself():
    one = version({"a": "aa"}, {"t": ("aa", 1, {"x": "integer"})})
    assert difference(one, one).is_empty


def test_files_are_told_as_added_removed_and_changed():
    found = difference(version({"a": "aa", "b": "aa", "c": "aa"}, {}), version({"b": "bb", "c": "aa", "d": "aa"}, {}))
    assert (found.added, found.removed, found.changed) == (("d",), ("a",), ("b",))
    assert not found.is_empty


def test_a_changed_table_tells_rows_and_columns():
    before = version({}, {"t": ("aa", 1, {"x": "integer", "y": "text", "z": "text"}), "same": ("aa", 1, {})})
    after = version({}, {"t": ("bb", 3, {"x": "number", "z": "text", "w": "time"}), "same": ("aa", 1, {})})
    assert difference(before, after).tables == (
        TableDifference("t", 1, 3, ("w",), ("y",), (("x", "integer", "number"),)),
    )


def test_tables_that_come_and_go_have_no_rows_on_the_other_side():
    found = difference(version({}, {"old": ("aa", 5, {"x": "text"})}), version({}, {"new": ("aa", 7, {"x": "text"})}))
    assert found.tables == (
        TableDifference("new", 0, 7, ("x",), (), ()),
        TableDifference("old", 5, 0, (), ("x",), ()),
    )

"""The manifest reads back as it was written, whatever files are called."""

import csv
import io
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sluiceway.artifacts.dataset_version import ColumnOrigin, DatasetVersion, FileEntry, RestoreReport, SourceFacts
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.declare.provenance import Provenance
from sluiceway.ingest.manifest import as_csv, as_json, rows_of

TABLE = TableRef("sources/a", "cd" * 32, 2, (Column("x", "integer"),))
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


def version(*paths):
    entries = tuple(FileEntry(path, "ab" * 32, "2025-12-31", 1, "a") for path in paths)
    return DatasetVersion(entries, (TABLE,), RestoreReport(1.0, 1, 1, 1, ()))


@given(st.lists(NAMES, max_size=5))
def test_csv_and_json_read_back_whatever_files_are_called(paths):
    made = version(*paths)
    [_, *rows] = csv.reader(io.StringIO(as_csv(made), newline=""))
    assert [tuple(row) for row in rows] == list(rows_of(made))
    files = json.loads(as_json(made))["files"]
    assert [(row["path"], row["sha256"], row["date"]) for row in files] == list(rows_of(made))


def test_csv_has_the_three_columns_that_auditors_ask_for():
    [header, row] = csv.reader(io.StringIO(as_csv(version("data/a b, c.csv"))))
    assert header == ["path", "sha256", "date"]
    assert row == ["data/a b, c.csv", "ab" * 32, "2025-12-31"]


def test_a_file_of_two_sources_is_one_row():
    assert len(rows_of(version("a.csv", "a.csv"))) == 1


def test_json_tells_the_version_and_its_tables():
    made = version("a.csv")
    whole = json.loads(as_json(made))
    assert whole["version"] == made.version
    assert whole["tables"] == [{"name": "sources/a", "content_id": "cd" * 32, "rows": 2, "columns": {"x": "integer"}}]


def test_the_full_manifest_says_where_each_file_comes_from():
    made = replace(
        version("b.csv", "a.csv"),
        sources=(
            SourceFacts(
                "a",
                ("id",),
                (),
                Provenance(licence="CC0-1.0", collected="2013"),
                (ColumnOrigin("x", (("raw", "y"),)),),
            ),
        ),
    )
    rows = list(csv.DictReader(io.StringIO(as_csv(made, full=True))))
    assert [row["path"] for row in rows] == ["a.csv", "b.csv"]
    assert rows[0]["sha256"] == "ab" * 32
    told = {name: rows[0][name] for name in ("size_bytes", "source", "licence", "collected", "annotator")}
    assert told == {"size_bytes": "1", "source": "a", "licence": "CC0-1.0", "collected": "2013", "annotator": ""}
    [source] = json.loads(as_json(made))["sources"]
    assert source["provenance"]["licence"] == "CC0-1.0"
    assert (source["key"], source["files"]) == (["id"], ["a.csv", "b.csv"])
    assert source["lineage"] == {"x": ["raw.y"]}

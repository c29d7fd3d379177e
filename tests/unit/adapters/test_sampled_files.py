import gzip
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sluiceway.adapters.data_place import data_place
from sluiceway.adapters.sampled_files import MOST_FILES, sampled, whole_lines
from sluiceway.core.errors import MisuseError, SourceError
from sluiceway.ports.progress import Silence

ROWS = 4_000
CSV = "id,word\n" + "".join(f"{number},word {number}\n" for number in range(ROWS))
SMALL = 8_000


def look(path, most_bytes=64 * 1024 * 1024):
    place = data_place(str(path))
    return sampled(place, place.pattern_in(path.parent / "project")[0], progress=Silence(), most_bytes=most_bytes)


@pytest.fixture(params=["csv", "jsonl", "parquet", "csv.gz", "csv.zst", "csv.zip"])
def path(request, tmp_path):
    """The same rows in a file of each kind."""
    path = tmp_path / f"rows.{request.param}"
    table = pa.table({"id": range(ROWS), "word": [f"word {number}" for number in range(ROWS)]})
    match request.param:
        case "csv":
            path.write_text(CSV)
        case "jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
        case "parquet":
            pq.write_table(table, path, row_group_size=250)
        case "csv.gz":
            path.write_bytes(gzip.compress(CSV.encode()))
        case "csv.zst":
            path.write_bytes(pa.compress(CSV.encode(), "zstd", asbytes=True))
        case "csv.zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("rows.csv", CSV)
    return path


def test_a_small_file_is_read_whole(path):
    sample = look(path)
    assert (sample.table.num_rows, sample.is_whole, sample.rows) == (ROWS, True, ROWS)
    assert sample.table.column_names == ["id", "word"]


def test_of_a_large_file_a_part_is_read_and_said(path):
    sample = look(path, SMALL)
    ids = sample.table["id"].to_pylist()
    assert 0 < len(ids) < ROWS / 2
    assert not sample.is_whole
    assert "the rest was not looked at" in sample.words
    if path.suffix in {".csv", ".jsonl", ".parquet"}:
        assert ids == sorted(ids)
        assert max(ids) > ROWS / 2, "from all over the file"
        assert ROWS / 2 < sample.rows < ROWS * 2


def test_a_sample_of_lines_with_quoted_line_ends_is_its_beginning(tmp_path):
    path = tmp_path / "quoted.csv"
    path.write_text("id,word\n" + "".join(f'{number},"a\nb,c\n"\n' for number in range(ROWS)))
    sample = look(path, SMALL)
    assert sample.table["id"].to_pylist() == list(range(sample.table.num_rows))


def test_of_many_files_some_are_read_from_the_first_to_the_last(tmp_path):
    for number in range(100):
        (tmp_path / f"{number:03}.csv").write_text(f"id\n{number}\n")
    sample = look(tmp_path)
    ids = sample.table["id"].to_pylist()
    assert (len(ids), ids[0], ids[-1], sample.files) == (MOST_FILES, 0, 99, 100)
    assert not sample.is_whole


def test_files_with_other_columns_are_uneven(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("id,x\n1,2\n")
    assert look(tmp_path).is_uneven


def test_a_large_file_that_can_only_be_read_whole_is_refused(tmp_path):
    (tmp_path / "a.json").write_text("[" + ",".join('{"a": 1}' for _ in range(ROWS)) + "]")
    with pytest.raises(MisuseError, match="convert it to Parquet or JSON Lines"):
        look(tmp_path / "a.json", SMALL)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.csv.zip", "a.parquet"])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is no archive" * 1000)
    with pytest.raises(SourceError, match="a\\."):
        look(tmp_path / name, SMALL)


def test_lines_are_cut_behind_the_last_that_ends():
    assert whole_lines(b"a\nb\nc") == b"a\nb\n"
    assert whole_lines(b"no end") == b"no end"


def test_lines_of_json_are_cut_at_their_ends_whatever_is_quoted():
    data = b'{"a": "say \\"x"}\n' * 3
    assert whole_lines(data + b'{"a": "ha', has_quotes=False) == data
    assert len(whole_lines(b'"' + b"x\n" * 4_000_000)) == 8_000_001

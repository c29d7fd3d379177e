"""What rows leave on the disk, and when they lie there."""

import errno
import gc

import pyarrow as pa
import pytest

from sluiceway.adapters.killed_folders import PATTERNS, KilledFolders
from sluiceway.adapters.row_spill import RowSpill
from sluiceway.core.errors import NoRoomError, SourceError

TABLE = pa.table({"x": list(range(1000))})
SIZE = TABLE.nbytes


def files(place):
    return sorted(path.name for path in place.rglob("rows-*"))


def test_small_tables_are_held_and_the_disk_is_not_touched(tmp_path):
    spill = RowSpill(tmp_path / "place", held_bytes=SIZE, all_held_bytes=10 * SIZE)
    assert spill.keep([TABLE]).held is not None
    assert not (tmp_path / "place").exists()


def test_what_is_held_in_all_has_a_limit_and_room_comes_back(tmp_path):
    spill = RowSpill(tmp_path, held_bytes=SIZE, all_held_bytes=2 * SIZE)
    first, second, third = (spill.keep([TABLE]) for _ in range(3))
    assert [rows.held is None for rows in (first, second, third)] == [False, False, True]
    del first
    assert spill.keep([TABLE]).held is not None


def test_a_file_goes_with_its_rows_and_the_folder_with_the_last(tmp_path):
    spill = RowSpill(tmp_path, held_bytes=0, all_held_bytes=0)
    one, other = spill.keep([TABLE]), spill.keep([TABLE]).select(["x"])
    assert len(files(tmp_path)) == 2
    del one
    assert len(files(tmp_path)) == 1
    del spill
    gc.collect()
    assert other.table().equals(TABLE)
    del other
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_leaves_has_a_name_that_is_swept(tmp_path):
    spill = RowSpill(tmp_path, held_bytes=0, all_held_bytes=0)
    assert any(spill.folder.match(pattern) for pattern in PATTERNS)


def test_a_file_that_could_not_be_brought_leaves_nothing(tmp_path):
    def broken():
        yield b"PAR1"
        raise ConnectionError

    spill = RowSpill(tmp_path, held_bytes=0, all_held_bytes=0)
    with pytest.raises(ConnectionError):
        spill.parquet(broken(), "a.parquet")
    assert files(tmp_path) == []


def test_a_full_disk_is_told_with_what_is_safe(tmp_path):
    def full():
        yield b"PAR1"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SourceError, match=r"rows cannot be kept in .*: the disk is full"):
        RowSpill(tmp_path, held_bytes=0, all_held_bytes=0).parquet(full(), "a.parquet")


def test_what_a_process_works_with_is_not_swept_and_what_nobody_holds_is(tmp_path):
    spill = RowSpill(tmp_path, held_bytes=0, all_held_bytes=0)
    rows = spill.keep([TABLE])
    left = tmp_path / "scratch-of-nobody"
    left.mkdir()
    assert [found.key for found in KilledFolders(tmp_path).leftovers(lambda key: False)] == [left.name]
    assert rows.table().equals(TABLE)


def test_a_stream_that_breaks_leaves_no_file(tmp_path):
    def broken():
        yield TABLE
        raise ConnectionError

    with pytest.raises(ConnectionError):
        RowSpill(tmp_path, held_bytes=0, all_held_bytes=0).keep(broken())
    assert files(tmp_path) == []


def test_a_place_that_cannot_be_made_is_told_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NoRoomError, match="a file stands where a folder should"):
        RowSpill(tmp_path / "file" / "place", held_bytes=0, all_held_bytes=0).keep([TABLE])

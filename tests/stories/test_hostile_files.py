"""A hostile file is an error that names it; what was stored before stays whole, and nothing leaves its place."""

import gzip
import io
import os
import unicodedata
import zipfile

import pyarrow as pa
import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.errors import SourceError
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.restore import restore_to
from sluiceway.ingest.run import run
from sluiceway.ports.progress import Silence

GOOD = b"id,x\n1,2\n"
BOMB = b"id,x\n" + b"1,2\n" * 20_000_000


@pytest.fixture
def place(tmp_path):
    (tmp_path / "project" / "d").mkdir(parents=True)
    (tmp_path / "project" / "d" / "good.csv").write_bytes(GOOD)
    return tmp_path


def ingest(place, pattern="d/*.csv*"):
    return run(
        Project(None, {"s": Source("s", files(pattern, format="csv"))}, "", ""),
        files=ObstoreObjects.local(place / "project"),
        objects=ObstoreObjects.local(place / "objects"),
        tables=MemoryTables(),
        engine=DuckdbEngine(),
        progress=Silence(),
        scratch=ObstoreObjects.memory(),
    )


def zipped(name, data):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return sink.getvalue()


def zstd(data):
    return pa.compress(data, codec="zstd", asbytes=True)


HOSTILE = {
    "bomb.csv.gz": (lambda: gzip.compress(BOMB), "unpacks to more than"),
    "bomb.csv.zst": (lambda: zstd(BOMB), "unpacks to more than"),
    "bomb.csv.zip": (lambda: zipped("a.csv", BOMB), "unpacks to more than"),
    "in-itself.csv.gz": (lambda: gzip.compress(gzip.compress(GOOD)), ""),
    "cut.csv.zst": (lambda: zstd(BOMB[:100_000])[:20], "cannot be unpacked|is empty|mend the row"),
    "no.csv.zst": (lambda: GOOD, "cannot be unpacked"),
    "no.csv.zip": (lambda: GOOD, "cannot be unpacked"),
    "wide.csv": (
        lambda: b",".join(b"c%d" % place for place in range(1_000_000)) + b"\n" + b"1," * 999_999 + b"1\n",
        "has 1,000,000 columns, the most is 10,000",
    ),
    "latin.csv": (lambda: "id,x\n1,São\n".encode("latin1"), "not UTF-8 text"),
    "wide-text.csv": (lambda: "id,x\n1,a\n".encode("utf-16"), "UTF-16"),
    "header.csv": (lambda: b"id,x\xff\n1,2\n", "not UTF-8 text"),
    "nul.csv": (lambda: b"id,x\n1,\0\xfe\n", ""),
    "empty.csv": (lambda: b"", "is empty"),
    "empty.csv.gz": (lambda: gzip.compress(b""), "is empty"),
    "ragged.csv": (lambda: b"id,x\n1,2\n1,2,3\n", "row"),
    "twice.csv": (lambda: b"id,id\n1,2\n", "repeats id"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_named_and_the_version_before_it_stays_whole(place, name):
    before = ingest(place)
    make, words = HOSTILE[name]
    (place / "project" / "d" / name).write_bytes(make())
    with pytest.raises(SourceError, match=rf"(?s)d/{name}.*(?:{words})"):
        ingest(place)
    (place / "project" / "d" / name).unlink()
    objects = ObstoreObjects.local(place / "objects")
    restore_to(before, objects=objects, target=ObstoreObjects.local(place / "out"))
    assert (place / "out" / "d" / "good.csv").read_bytes() == GOOD
    assert ingest(place).content_id == before.content_id


def test_columns_that_differ_only_in_case_are_refused(place):
    (place / "project" / "d" / "good.csv").write_bytes(b"id,ID\n1,2\n")
    with pytest.raises(SourceError, match="differs in more than case"):
        ingest(place)


@pytest.mark.parametrize("inside", ["../../climbed.csv", "/tmp/climbed.csv"])
def test_a_name_that_climbs_out_of_an_archive_leads_nowhere(place, inside):
    (place / "project" / "d" / "good.csv").unlink()
    (place / "project" / "d" / "a.csv.zip").write_bytes(zipped(inside, GOOD))
    version = ingest(place)
    restore_to(version, objects=ObstoreObjects.local(place / "objects"), target=ObstoreObjects.local(place / "out"))
    assert version.table("s").rows == 1
    assert list(place.rglob("*climbed*")) == []
    assert [path.name for path in (place / "out").rglob("*") if path.is_file()] == ["a.csv.zip"]


def test_a_link_that_leads_in_a_circle_is_named(place):
    (place / "project" / "d" / "circle").symlink_to(".")
    with pytest.raises(SourceError, match="d/circle points to an ancestor"):
        ingest(place)


def test_a_link_to_nothing_a_pipe_and_a_folder_are_no_files(place):
    before = ingest(place)
    (place / "project" / "d" / "dangling.csv").symlink_to("nowhere.csv")
    os.mkfifo(place / "project" / "d" / "pipe.csv")
    (place / "project" / "d" / "folder.csv").mkdir()
    assert ingest(place).content_id == before.content_id


def test_a_name_that_is_no_unicode_is_named(place):
    (place / "project" / "d" / os.fsdecode(b"\xff.csv")).write_bytes(GOOD)
    with pytest.raises(SourceError, match=r"%FF\.csv.*non-unicode"):
        ingest(place)


def test_a_name_with_a_line_break_is_named(place):
    (place / "project" / "d" / "new\nline.csv").write_bytes(GOOD)
    with pytest.raises(SourceError, match=r"/d/new line\.csv"):
        ingest(place)


@pytest.mark.parametrize(
    "names",
    [
        ("A.csv", "a.csv"),
        tuple(unicodedata.normalize(form, "é.csv") for form in ("NFC", "NFD")),
        ("'; DROP TABLE s; --.csv", "-rf.csv", "$(id).csv", "%2e%2e.csv", "~.csv", "日本 🚰.csv"),
    ],
)
def test_odd_and_clashing_names_are_files_of_their_own_and_come_back_so(place, names):
    (place / "project" / "d" / "good.csv").unlink()
    for number, name in enumerate(names):
        (place / "project" / "d" / name).write_bytes(b"id,x\n%d,2\n" % number)
    version = ingest(place)
    assert version.table("s").rows == len(names)
    restore_to(version, objects=ObstoreObjects.local(place / "objects"), target=ObstoreObjects.local(place / "out"))
    for name in names:
        assert (place / "out" / "d" / name).read_bytes() == (place / "project" / "d" / name).read_bytes()


def test_two_files_of_the_same_bytes_are_stored_once(place):
    (place / "project" / "d" / "copy.csv").write_bytes(GOOD)
    version = ingest(place)
    assert (len(version.files), version.table("s").rows) == (2, 2)
    assert len(ObstoreObjects.local(place / "objects").list("files")) == 1

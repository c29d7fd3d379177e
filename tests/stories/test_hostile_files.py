"""A hostile file is an error that names it; what was stored before stays whole, and nothing leaves its place."""

import gzip
import io
import json
import os
import unicodedata
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.errors import DeclarationError, SourceError
from sluiceway.declare.database import table
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


def ingest(place, pattern="d/*.csv*", kind="csv", **given):
    return run(
        Project(None, {"s": Source("s", files(pattern, format=kind))}, "", ""),
        files=given.get("files") or ObstoreObjects.local(place / "project"),
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


def parquet(table):
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def parquet_bomb():
    """Twenty thousand million rows in some KiB: a value that repeats is said once."""
    sink, rows = io.BytesIO(), pa.table({"id": pa.array([1] * 10_000_000, pa.int64())})
    with pq.ParquetWriter(sink, rows.schema) as writer:
        for _ in range(2):
            writer.write_table(rows)
    return lying(sink.getvalue(), 20_000_000, 20_000_000_000)


def lying(data, rows, claimed):
    """Let a Parquet file's footer claim other numbers of rows."""

    def number(value):
        value, out = value << 1, bytearray()  # thrift's zigzag, seven bits a byte
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*out, value])

    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    footer = data[start:-8].replace(number(rows), number(claimed))
    assert footer != data[start:-8]
    return data[:start] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def arrow(table, *, stream=False):
    sink = pa.BufferOutputStream()
    maker = pa.ipc.new_stream if stream else pa.ipc.new_file
    with maker(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def no_text():
    """A text column whose bytes are no text."""
    bad = pa.array([b"S\xe3o"], pa.binary())
    return pa.table({"id": pa.Array.from_buffers(pa.string(), 1, bad.buffers())})


WIDE = {f"c{place}": [1] for place in range(10_001)}
GOOD_TABLE = pa.table({"id": list(range(1000))})
OTHER_FORMATS = {
    "wide.ndjson": (lambda: json.dumps({f"c{place}": 1 for place in range(1_000_000)}).encode(), "1,000,000 columns"),
    "new-in-each.ndjson": (lambda: b"".join(b'{"c%d": 1}\n' % place for place in range(200_000)), "columns, the most"),
    "over-lines.ndjson": (lambda: b"".join(b'{"c%d"\n:1}\n' % place for place in range(200_000)), "columns, the most"),
    "wide.json": (lambda: json.dumps([dict.fromkeys(WIDE, 1)]).encode(), "10,001 columns"),
    "deep.json": (lambda: b"[" * 100_000, "is not JSON"),
    "deep.ndjson": (lambda: b'{"a":' * 100_000, "is no ndjson file"),
    "surrogate.ndjson": (lambda: b'{"id": "\\ud800"}\n', "surrogate"),
    "surrogate.json": (lambda: b'[{"id": "\\ud800"}]', "surrogate"),
    "latin.ndjson": (lambda: '{"id": "São"}\n'.encode("latin1"), "not UTF-8 text"),
    "late-latin.ndjson": (lambda: b'{"id": "a"}\n' * 50_000 + '{"id": "São"}\n'.encode("latin1"), "not UTF-8 text"),
    "latin.json": (lambda: '[{"id": "São"}]'.encode("latin1"), "is not JSON"),
    "wide-text.ndjson": (lambda: '{"id": 1}\n'.encode("utf-16"), "UTF-16"),
    "wide.parquet": (lambda: parquet(pa.table(WIDE)), "10,001 columns"),
    "bomb.parquet": (parquet_bomb, "claims 20,000,000,000 rows"),
    "group.parquet": (lambda: lying(parquet(GOOD_TABLE), 1000, 10**12), "claims 1,000,000,000,000 rows"),
    "more.parquet": (lambda: lying(parquet(GOOD_TABLE), 1000, 2000), "claims 2,000 rows and holds"),
    "cut.parquet": (lambda: parquet(GOOD_TABLE)[:-100], "is no parquet file"),
    "middle.parquet": (lambda: parquet(GOOD_TABLE)[:40] + parquet(GOOD_TABLE)[140:], "is no parquet file"),
    "no-text.parquet": (lambda: parquet(no_text()), "is no parquet file: .*UTF8"),
    "wide.arrow": (lambda: arrow(pa.table(WIDE)), "10,001 columns"),
    "wide-stream.arrow": (lambda: arrow(pa.table(WIDE), stream=True), "10,001 columns"),
    "cut.arrow": (lambda: arrow(GOOD_TABLE)[:-300], "is no arrow file"),
    "no-text.arrow": (lambda: arrow(no_text()), "is no arrow file: .*UTF8"),
    "cut.csv.gz": (lambda: gzip.compress(GOOD * 1000)[:-20], "cannot be unpacked"),
}


@pytest.mark.parametrize("name", OTHER_FORMATS)
def test_a_hostile_file_of_another_format_is_named_at_once_and_nothing_is_lost(place, name):
    before = ingest(place)
    make, words = OTHER_FORMATS[name]
    (place / "project" / "e").mkdir()
    (place / "project" / "e" / name).write_bytes(make())
    kind = name.split(".")[1]
    with pytest.raises(SourceError, match=rf"(?s)e/{name}.*{words}"):
        ingest(place, f"e/*.{kind}*", kind)
    assert ingest(place).content_id == before.content_id


def test_names_that_look_like_sql_are_names(place):
    odd = ['x"; DROP TABLE s; --', "'); DELETE FROM s", "select", "a b", "é", "a.b", "$1", "?"]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in odd)
    (place / "project" / "d" / "good.csv").write_text(header + "\n" + ",".join("1" for _ in odd) + "\n")
    version = ingest(place)
    assert sorted(version.table("s").column_names) == sorted(odd)


@pytest.mark.parametrize("name", ["s; DROP TABLE t", 's"', "s'--", ""])
def test_tables_and_sources_that_are_called_like_sql_are_refused_when_declared(name):
    with pytest.raises(DeclarationError):
        Source(name, files("d/*.csv"))
    with pytest.raises(DeclarationError):
        table("sqlite:///x.db", name)


def test_a_device_is_no_file_also_behind_a_link(place):
    before = ingest(place)
    (place / "project" / "d" / "zero.csv").symlink_to("/dev/zero")
    (place / "project" / "d" / "tty.csv").symlink_to("/dev/tty")
    assert ingest(place).content_id == before.content_id


class Moving(ObstoreObjects):
    """A folder in which a file is written to whenever it has been read."""

    def stream(self, key):
        yield from super().stream(key)
        path = self._folder / key
        path.write_bytes(path.read_bytes() + b"3,4\n")


def test_a_large_file_that_changes_while_it_is_read_is_named_and_nothing_of_it_is_a_version(place):
    before = ingest(place)
    large = place / "project" / "d" / "large.csv"
    large.write_bytes(b"id,x\n" + b"1,2\n" * 9_000_000)
    with pytest.raises(SourceError, match=r"d/large\.csv changed while it was being stored; run again"):
        ingest(place, files=Moving.local(place / "project"))
    large.unlink()
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

"""Archives hold exactly one file, and no more of it than they may."""

import gzip
import io
import zipfile

import pyarrow as pa
import pytest

from sluiceway.core.errors import SourceError
from sluiceway.plans.unpacking import ALWAYS_ALLOWED_BYTES, MOST_BYTES, unpack, unpacked_limit


def zipped(**members):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink.getvalue()


def zstd(data):
    return pa.compress(data, codec="zstd", asbytes=True)


def test_what_operating_systems_add_to_an_archive_is_no_data():
    packed = zipped(
        **{"__MACOSX/._a.csv": b"", "data/": b"", "data/.DS_Store": b"", "Thumbs.db": b"", "data/a.csv": b"1"}
    )
    assert unpack(packed, path="a.zip") == (b"1", "data/a.csv")


@pytest.mark.parametrize(("members", "count"), [({}, "0: none"), ({"a.csv": b"1", "b.csv": b"2"}, "2: a.csv, b.csv")])
def test_an_archive_of_none_or_several_files_is_refused_with_their_names(members, count):
    with pytest.raises(SourceError, match=f"a.zip must hold exactly one file, it holds {count}"):
        unpack(zipped(**members), path="a.zip")


@pytest.mark.parametrize("suffix", ["gz", "zip", "zst"])
def test_a_file_that_unpacks_beyond_its_limit_is_refused_with_the_limit(suffix):
    data = b"0" * 5_000_000
    packed = {"gz": gzip.compress, "zip": lambda plain: zipped(a=plain), "zst": zstd}[suffix](data)
    assert bytes(unpack(packed, path=f"a.{suffix}", limit_bytes=5_000_000)[0]) == data
    with pytest.raises(SourceError, match=r"unpacks to more than 4,999,999 bytes.*store it unpacked"):
        unpack(packed, path=f"a.{suffix}", limit_bytes=4_999_999)


def test_a_bomb_is_refused_at_the_limit_that_its_own_size_sets():
    bomb = gzip.compress(b"\0" * (ALWAYS_ALLOWED_BYTES + 1))
    with pytest.raises(SourceError, match=f"more than {ALWAYS_ALLOWED_BYTES:,} bytes"):
        unpack(bomb, path="bomb.gz")


def test_the_limit_grows_with_the_file_and_ends():
    assert unpacked_limit(1) == ALWAYS_ALLOWED_BYTES
    assert unpacked_limit(1_000_000) == 200_000_000
    assert unpacked_limit(10**12) == MOST_BYTES


def test_gzip_members_in_a_row_are_one_file():
    assert bytes(unpack(gzip.compress(b"a\n") + gzip.compress(b"1\n"), path="a.gz")[0]) == b"a\n1\n"


def test_zstandard_frames_in_a_row_are_one_file():
    assert bytes(unpack(zstd(b"a\n") + zstd(b"1\n"), path="a.zst")[0]) == b"a\n1\n"


def test_a_plain_file_is_returned_as_it_is():
    data = b"a\n1\n"
    assert unpack(data, path="a.csv")[0] is data

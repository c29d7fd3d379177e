"""Where files may lie, and what they may be, is checked when they are declared."""

import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.files import Files, files, images, is_remote
from sluiceway.declare.source import Source


@pytest.mark.parametrize(
    "pattern",
    [
        "s3://lake/data/dt=*/part.csv",
        "gs://lake/**/*.csv",
        "az://box/a.csv",
        "https://host/a.csv",
        "http://host:8080/a b/c.csv",
        "data/*.csv.zst",
    ],
)
def test_places_that_can_be_read_are_taken(pattern):
    assert files(pattern).format == "csv"
    assert is_remote(pattern) == ("://" in pattern)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("ftp://host/a.csv", "write s3://bucket/path"),
        ("file:///etc/a.csv", "write s3://bucket/path"),
        ("s3://*/a.csv", "write s3://bucket/path"),
        ("s3:///a.csv", "write s3://bucket/path"),
        ("S3://lake/a.csv", "write s3://bucket/path"),
        ("s3://lake/../other/a.csv", "leaves the project's folder"),
        ("https://host/*.csv", "a web server gives one file for one URL"),
        ("https://host/f?name=a.csv", "a web server gives one file for one URL"),
        ("https://me:secret@host/a.csv", "a web server gives one file for one URL"),
        ("../a.csv", "leaves the project's folder"),
        ("/a.csv", "leaves the project's folder"),
    ],
)
def test_places_that_cannot_be_read_are_refused_with_what_to_write(pattern, words):
    with pytest.raises(DeclarationError, match=words):
        files(pattern, format="csv")
    with pytest.raises(DeclarationError, match=words):
        images(pattern)


def test_what_decides_the_rows_is_all_of_it():
    plain = files("a/*.csv")
    others = [
        files("b/*.csv"),
        files("a/*.csv", format="json"),
        files("a/*.csv", nulls=["-"]),
        files("a/*.csv", partitions=False),
        files("a/*.csv", partitions={"dt": "date"}),
        files("a/*.csv", kinds={"zip": "text"}),
        images("a/*.csv"),
    ]
    assert all(other.meaning != plain.meaning for other in others)
    assert Files(plain.pattern, plain.format).meaning == plain.meaning


def test_kinds_of_columns_are_declared_in_any_order_and_of_csv_alone():
    one = files("a.csv", kinds={"zip": "text", "x": "number"})
    assert one == files("a.csv", kinds={"x": "number", "zip": "text"})
    assert files("a.csv", kinds={}).meaning == files("a.csv").meaning
    with pytest.raises(DeclarationError, match="'zip' cannot be 'string'; write one of text, integer"):
        files("a.csv", kinds={"zip": "string"})
    with pytest.raises(DeclarationError, match="kinds= is for CSV, parquet says itself"):
        files("a.parquet", kinds={"zip": "text"})


def test_a_schema_policy_is_one_of_three_and_part_of_what_decides_the_rows():
    source = Source("s", files("a.csv"), schema="freeze")
    assert source.meaning != Source("s", files("a.csv")).meaning
    with pytest.raises(DeclarationError, match="schema='frozen' is no policy; write one of evolve, freeze, discard"):
        Source("s", files("a.csv"), schema="frozen")
    with pytest.raises(DeclarationError, match="comes from SQL alone; give schema= to the sources that it reads"):
        Source("s", sql="SELECT 1 AS a", schema="freeze")

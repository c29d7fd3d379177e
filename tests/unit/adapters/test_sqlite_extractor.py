"""SQLite types values, not columns: what comes late in a column must not break what came first."""

import sqlite3

import pytest

from sluiceway.adapters.every_extractor import EveryExtractor
from sluiceway.artifacts.landing import Bound
from sluiceway.core.errors import SourceError
from sluiceway.declare.database import query, table
from sluiceway.ports.extractor import Since

MANY = 3_000


@pytest.fixture
def extractor(tmp_path):
    return EveryExtractor(tmp_path, {})


def filled(folder, rows, columns="id INTEGER, value"):
    connection = sqlite3.connect(folder / "shop.db")
    connection.execute(f"CREATE TABLE held ({columns})")
    connection.executemany("INSERT INTO held VALUES (?, ?)", rows)
    connection.commit()
    connection.close()
    return table("sqlite:///shop.db", "held", cursor="id")


def read(extractor, origin, since=None):
    with extractor.read(origin, since) as extraction:
        rows = [row for batch in extraction.batches for row in batch.to_pylist()]
    return extraction.schema, [row["value"] for row in rows]


@pytest.mark.parametrize(
    ("late", "stored", "given"),
    [
        ("text", "string", "text"),
        (1.5, "double", 1.5),
        (2**62, "int64", 2**62),
        (b"\x00\xff", "string", "00ff"),
        (None, "string", None),
    ],
)
def test_a_value_behind_thousands_of_missing_ones_decides_the_column(extractor, tmp_path, late, stored, given):
    origin = filled(tmp_path, [(number, None) for number in range(MANY)] + [(MANY, late)])
    schema, values = read(extractor, origin)
    assert (str(schema.field("value").type), values[-1], len(values)) == (stored, given, MANY + 1)
    assert set(values[:-1]) == {None}


def test_a_column_of_several_kinds_is_the_widest(extractor, tmp_path):
    origin = filled(tmp_path, [(1, 3), (2, 1.5)])
    assert read(extractor, origin)[1] == [3.0, 1.5]
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("INSERT INTO held VALUES (3, 'x')")
    connection.commit()
    connection.close()
    assert read(extractor, origin)[1] == ["3", "1.5", "x"]


def test_later_rows_keep_the_columns_known(extractor, tmp_path):
    origin = filled(tmp_path, [(1, 1.5), (2, 4)])
    schema, _ = read(extractor, origin)
    assert read(extractor, origin, Since(Bound.of(2), schema)) == (schema, [4.0])


def test_bytes_beside_numbers_are_refused_with_advice(extractor, tmp_path):
    origin = filled(tmp_path, [(1, b"x"), (2, 4)])
    with pytest.raises(SourceError, match=r"'value' holds bytes and numbers; cast it in a query\(\)"):
        read(extractor, origin)


def test_nothing_is_written_and_a_missing_file_is_not_made(extractor, tmp_path):
    filled(tmp_path, [(1, 1)])
    before = (tmp_path / "shop.db").read_bytes()
    read(extractor, query("sqlite:///shop.db", "SELECT value FROM held"))
    assert (tmp_path / "shop.db").read_bytes() == before
    with pytest.raises(SourceError, match=r"there is no file 'shop2\.db'"):
        read(extractor, table("sqlite:///shop2.db", "held"))
    assert not (tmp_path / "shop2.db").exists()


def test_a_file_that_is_no_database_is_told(extractor, tmp_path):
    (tmp_path / "shop.db").write_text("not a database at all, but long enough to look like one " * 50)
    with pytest.raises(SourceError, match="not a database"):
        read(extractor, table("sqlite:///shop.db", "held"))

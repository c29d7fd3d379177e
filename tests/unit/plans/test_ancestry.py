import pytest

from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.plans.ancestry import Ancestry

SOURCES = {
    "raw": Source("raw", files("a.csv")),
    "middle": Source("middle", sql="SELECT id, a + b AS total FROM RAW"),
    "top": Source("top", sql="SELECT m.id, m.total > 30 AS Late, r.b, 1 AS one FROM middle m JOIN raw r USING (id)"),
    "counted": Source("counted", sql="SELECT id, count(*) AS n FROM raw GROUP BY id"),
    "above": Source("above", sql="SELECT n + 1 AS more FROM Counted"),
    "self": Source("self", files("b.csv"), sql="SELECT x * 2 AS y FROM self"),
    "lost": Source("lost", sql="SELECT x FROM nowhere"),
    "onlost": Source("onlost", sql="SELECT x FROM lost"),
}
COLUMNS = {
    "raw": ["id", "a", "b"],
    "middle": ["id", "total"],
    "top": ["id", "Late", "b", "one"],
    "counted": ["id", "n"],
    "above": ["more"],
    "self": ["y"],
    "lost": ["x"],
    "onlost": ["x"],
}


@pytest.mark.parametrize(
    ("source", "column", "origins"),
    [
        ("raw", "a", {("raw", "a")}),
        ("top", "late", {("raw", "a"), ("raw", "b")}),
        ("top", "b", {("raw", "b")}),
        ("top", "one", {("top", "one")}),
        ("counted", "n", {("counted", "n")}),
        ("above", "more", {("counted", "n")}),
        ("self", "y", {("self", "x")}),
        ("lost", "x", {("lost", "x")}),
        ("onlost", "x", {("lost", "x")}),
    ],
)
def test_a_column_is_traced_to_files_or_to_where_it_is_made(source, column, origins):
    assert Ancestry(SOURCES, COLUMNS, {"self": ["x"]}).of(source, column) == origins


def test_a_source_that_is_not_declared_counts_as_files():
    ancestry = Ancestry({}, {"raw": ["a"]})
    assert ancestry.of("raw", "A") == {("raw", "a")}
    assert not ancestry.mixes_rows("raw")
    assert ancestry.untraceable("raw") == ""


def test_a_column_that_is_not_there_is_an_error():
    with pytest.raises(UnknownNameError, match="'speed'"):
        Ancestry(SOURCES, COLUMNS).of("raw", "speed")


def test_what_cannot_be_traced_says_so_also_from_above():
    ancestry = Ancestry(SOURCES, COLUMNS)
    assert [name for name in SOURCES if ancestry.untraceable(name)] == ["self", "lost", "onlost"]
    assert "'nowhere'" in ancestry.untraceable("onlost")
    assert ancestry.of("self", "y") == {("self", "y")}


def test_a_source_mixes_rows_when_one_that_it_reads_does():
    ancestry = Ancestry(SOURCES, COLUMNS)
    assert [name for name in SOURCES if ancestry.mixes_rows(name)] == ["counted", "above"]

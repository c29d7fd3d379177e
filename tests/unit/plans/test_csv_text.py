"""CSV columns have the kinds that their values have, or those that were declared."""

import pyarrow as pa
import pytest

from sluiceway.core.errors import SourceError
from sluiceway.declare.files import DEFAULT_NULLS
from sluiceway.plans.csv_text import read_csv


def read(text, **kinds):
    return read_csv(text.encode(), path="a.csv", nulls=DEFAULT_NULLS, kinds=kinds)


def test_a_declared_text_keeps_its_zeros():
    assert read("zip\n00501\n00502\n").column("zip").to_pylist() == [501, 502]
    assert read("zip\n00501\n00502\n", zip="text").column("zip").to_pylist() == ["00501", "00502"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("zip,n\n00501,1\n,2\n", {"zip"}),
        ('zip,n\n"00501",1\n', {"zip"}),
        ("n,zip\n7,-01\n", {"zip"}),
        ("n,zip\n0,10\n", set()),
        ("n,day,part\n7,2024-01-01,0.5\n", set()),
        ("zip\n00501\nB7\n", set()),
        ("zip\n" + "70501\n" * 400_000 + "00501\n", set()),  # it is looked for in the first MiB
    ],
)
def test_whole_numbers_that_begin_with_zeros_are_told(text, told):
    zeros = set()
    read_csv(text.encode(), path="a.csv", nulls=DEFAULT_NULLS, zeros=zeros)
    assert zeros == told


def test_zeros_are_not_told_of_a_column_whose_kind_is_declared():
    zeros = set()
    read_csv(b"zip\n00501\n", path="a.csv", nulls=DEFAULT_NULLS, kinds={"zip": "integer"}, zeros=zeros)
    assert zeros == set()


@pytest.mark.parametrize(
    ("kind", "stored"),
    [("text", pa.string()), ("integer", pa.int64()), ("number", pa.float64()), ("boolean", pa.bool_()),
     ("time", pa.timestamp("us"))],
)  # fmt: skip
def test_a_column_without_any_value_has_the_kind_that_is_declared(kind, stored):
    table = read("a,x\n1,\n2,\n", x=kind)
    assert table.schema.field("x").type == stored
    assert table.column("x").to_pylist() == [None, None]


def test_whole_numbers_may_be_declared_numbers_and_nulls_stay_missing():
    assert read("x\n1\nNA\n", x="number").column("x").to_pylist() == [1.0, None]


def test_a_declared_time_is_read_as_any_other():
    assert read("t\n2024-01-01T00:00:00Z\n", t="time") == read("t\n2024-01-01T00:00:00Z\n")


@pytest.mark.parametrize(("kind", "value"), [("integer", "B7"), ("number", "x"), ("boolean", "00501")])
def test_a_value_of_another_kind_is_refused_by_row(kind, value):
    with pytest.raises(SourceError, match=f"Row #3.*invalid value '{value}'.*kinds= in files"):
        read(f"x\n1\n{value}\n", x=kind)


def test_a_declared_time_that_is_none_is_refused_by_column():
    with pytest.raises(SourceError, match="column t is declared a time"):
        read("t\nyesterday\n", t="time")

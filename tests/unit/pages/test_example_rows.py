from dataclasses import dataclass

from sluiceway.pages.example_rows import example_blocks
from sluiceway.pages.page import Code, Table


@dataclass(frozen=True)
class Rows:
    """Rows under their columns' names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def test_texts_stand_below_each_other_and_those_that_look_like_others_in_quotes():
    assert example_blocks(("XXX", "b6 ", "")) == [Code("XXX\n'b6 '\n''")]


def test_mappings_become_a_table_of_all_their_names():
    [table] = example_blocks([{"a": 1, "b": None}, {"a": " x", "c": 2.5}])
    assert isinstance(table, Table)
    assert table.columns == ("a", "b", "c")
    assert table.rows == [[1, None, None], ["' x'", None, 2.5]]


def test_rows_under_columns_become_a_table():
    [table] = example_blocks(Rows(("id", "origin"), (("f1", "XXX"), ("f2", None))))
    assert table.columns == ("id", "origin")
    assert table.rows == [["f1", "XXX"], ["f2", None]]


def test_nothing_makes_no_block():
    assert example_blocks(()) == example_blocks(Rows((), ())) == example_blocks(None) == []

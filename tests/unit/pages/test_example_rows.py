from dataclasses import replace

from sluiceway.artifacts.example_rows import ExampleRows
from sluiceway.artifacts.validation_report import RuleCheck
from sluiceway.pages.example_rows import example_blocks
from sluiceway.pages.page import Code

CHECK = RuleCheck("s", "a is not missing", "a", measured=0.5, at_least=1.0, rows=2, broken=1)


def test_texts_stand_below_each_other_and_those_that_look_like_others_in_quotes():
    assert example_blocks(replace(CHECK, examples=("XXX", "b6 ", ""))) == [Code("XXX\n'b6 '\n''")]


def test_rows_come_before_values_as_a_table_under_their_columns():
    rows = ExampleRows(("id", "origin"), (("f1", "XXX "), ("f2", None)))
    [table] = example_blocks(replace(CHECK, examples=("XXX ",), broken_rows=rows))
    assert table.columns == ("id", "origin")
    assert table.rows == [["f1", "'XXX '"], ["f2", None]]


def test_nothing_makes_no_block():
    assert example_blocks(CHECK) == []

"""Of the rows with one key, the last stays."""

import pyarrow as pa

from sluiceway.plans.latest_row import latest_marks


def test_the_largest_cursor_wins_then_the_later_row_and_missing_is_smallest():
    table = pa.table(
        {
            "a": [1, 1, 2, 2, 3, None, None],
            "b": ["x", "x", "x", "y", "z", "n", "n"],
            "at": [2, 1, 5, 4, 7, 7, None],
            "value": [1, 2, 3, 4, 5, 6, 7],
        }
    )
    assert table.filter(latest_marks(table, ("a", "b"), "at"))["value"].to_pylist() == [1, 3, 4, 5, 6]
    tied = pa.table({"a": [1, 1], "at": [1, 1], "value": [1, 2]})
    assert tied.filter(latest_marks(tied, ("a",), "at"))["value"].to_pylist() == [2]

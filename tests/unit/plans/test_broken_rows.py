from datetime import UTC, datetime

import polars as pl
import pytest

from sluiceway.declare.column_rules import column
from sluiceway.plans.broken_rows import breaking, wrong_with_pattern

TIMES = [datetime(2013, month, 1, tzinfo=UTC) for month in (1, 6, 12)]
NAN = float("nan")


@pytest.mark.parametrize(
    ("rule", "kind", "values", "marks"),
    [
        (column("c").between(1, 2), "integer", [0, 1, 2, 3, None], [True, False, False, True, None]),
        (column("c").between(1), "number", [0.5, 1.0, 9.0, NAN, None], [True, False, False, True, None]),
        (column("c").between(None, 2), "number", [0.5, 2.0, 9.0, NAN, None], [False, False, True, True, None]),
        (column("c").between("b", "c"), "text", ["a", "b", "c", "cc", None], [True, False, False, True, None]),
        (column("c").between("2013-02-01", None), "time", [*TIMES, None], [True, False, False, None]),
        (column("c").between(None, "2013-06-01T00:00:00Z"), "time", TIMES, [False, False, True]),
        (column("c").not_null(), "number", [1.0, NAN, None], [False, True, True]),
        (column("c").not_null(), "text", ["", None], [False, True]),
        (column("c").one_of("a", 1), "text", ["a", "1", None], [False, True, None]),
        (column("c").none_of("a"), "text", ["a", "b", None], [True, False, None]),
        (column("c").none_of("a"), "integer", [1, None], [False, None]),
        (column("c").one_of("a"), "integer", [1, None], [True, None]),
        (column("c").matches("[A-Z]{2}"), "text", ["AB", "ABC", "xAB", None], [False, True, True, None]),
        (column("c").contains("[A-Z]{2}"), "text", ["AB", "xABy", "A", None], [False, False, True, None]),
    ],
)
def test_rows_that_break_a_rule_are_marked_and_missing_values_say_nothing(rule, kind, values, marks):
    frame = pl.DataFrame({"c": values})
    assert frame.select(breaking(rule, kind)).to_series().to_list() == marks


def test_a_rule_about_no_single_row_is_refused():
    with pytest.raises(ValueError, match="no row breaks"):
        breaking(column("c").unique(), "text")


def test_a_pattern_is_judged_by_the_engine_that_matches_it():
    assert wrong_with_pattern("[A-Z]{2}") == ""
    assert "regex parse error" in wrong_with_pattern("(")
    assert wrong_with_pattern(r"\QEWR\E")

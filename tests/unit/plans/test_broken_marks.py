"""Marks of an Arrow table: references of one column and several, and rules that do not fit the columns."""

import pyarrow as pa
import pytest

from sluiceway.core.errors import SourceError
from sluiceway.declare.column_rules import column
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import reference
from sluiceway.plans.broken_marks import broken_marks

AIRPORTS = Source("airports", files("a.csv"), key="faa")
GATES = Source("gates", files("g.csv"), key=("faa", "gate"))


def test_a_reference_marks_what_no_key_has_and_leaves_missing_values_alone():
    table = pa.table({"dest": ["MIA", "XXX", None]})
    assert broken_marks(reference("dest", AIRPORTS), table, pa.table({"faa": ["MIA"]})).to_pylist() == [
        False,
        True,
        False,
    ]


def test_a_reference_of_two_columns_is_marked_as_a_whole():
    table = pa.table({"dest": ["MIA", "MIA", "SFO"], "gate": [1, 2, None]})
    keys = pa.table({"faa": ["MIA", "SFO"], "gate": [1, 2]})
    assert broken_marks(reference(("dest", "gate"), GATES), table, keys).to_pylist() == [False, True, False]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (column("gone").not_null(), "there is no column 'gone'; there is: dest"),
        (column("dest").between(1, 2), "column 'dest' is text"),
    ],
)
def test_a_rule_that_does_not_fit_the_columns_is_refused(rule, said):
    with pytest.raises(SourceError, match=said):
        broken_marks(rule, pa.table({"dest": ["MIA"]}))

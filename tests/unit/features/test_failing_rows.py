"""A row that makes an expression fail is told by the feature that asks for it, with the value, not by the statement."""

import pyarrow as pa
import pytest

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.discreet import discreet_words
from sluiceway.core.errors import NoRoomError, SourceError
from sluiceway.features.failing_rows import computed_of, conditions, told_of

GATES = pa.table({"gate": ["12", "B7"], "size": [1, 2]})
SOURCE = sw.Source("gates", sw.files("gates.csv"), event_time="at")
VIEW = sw.FeatureView(
    "calls", entity="carrier", source=SOURCE,
    features=[
        sw.count(over="1h", where="size > 1", name="large"),
        sw.count(over="1h", where="CAST(gate AS bigint) > 3", name="high"),
        sw.derived("both", "large + high"),
    ],
)  # fmt: skip


def told(sql, view=VIEW):
    engine = DuckdbEngine(threads=1)
    with pytest.raises(SourceError) as refused, told_of(conditions(view, GATES), engine, what=computed_of(view)):
        engine.query(sql, {"gates": GATES})
    return str(refused.value)


def test_the_condition_that_fails_is_named_with_its_line_the_value_and_a_remedy():
    said = told("SELECT count(CAST(gate AS BIGINT)) FROM gates")
    assert "view 'calls', feature 'high', where" in said
    assert f"test_failing_rows.py, line {VIEW.features[1].written_at.line})" in said
    assert "CAST(gate AS bigint) > 3 fails on a row: Could not convert string 'B7' to INT64" in said
    assert "TRY_CAST" in said
    assert "SELECT" not in said


def test_a_value_that_nobody_may_see_is_masked_in_it_and_the_names_and_the_line_are_not():
    said = discreet_words(told("SELECT count(CAST(gate AS BIGINT)) FROM gates"), ["calls", "high"])
    assert "'calls'" in said
    assert "'high'" in said
    assert f"line {VIEW.features[1].written_at.line}" in said
    assert "B7" not in said


def test_where_no_condition_is_to_blame_it_is_a_derived_feature():
    right = sw.FeatureView("calls", "carrier", SOURCE, [VIEW.features[0], sw.derived("twice", "2 * large")])
    said = told("SELECT count(CAST(gate AS BIGINT)) FROM gates", right)
    assert said.startswith("view 'calls', of its derived features (twice) one: Could not convert string 'B7'")
    assert "SELECT" not in said


def test_an_error_that_is_not_of_the_rows_keeps_the_statement():
    assert "SELECT nothing FROM gates" in told("SELECT nothing FROM gates")


def test_a_full_disk_is_no_row_s_fault():
    with pytest.raises(NoRoomError), told_of(conditions(VIEW, GATES), DuckdbEngine(threads=1), what="any"):
        raise NoRoomError("full")

"""A row that makes a label's expression fail is told by the label, with the value, not by the statement."""

import pyarrow as pa
import pytest

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.discreet import discreet_words
from sluiceway.core.errors import NoRoomError, SourceError
from sluiceway.features.failing_rows import of_label, told_of

GATES = pa.table({"gate": ["12", "B7"], "size": [1, 2]})
CALLS = pa.table({"at": ["2026-01-04", "2026-01-05"]})
SOURCE = sw.Source("gates", sw.files("gates.csv"), key="gate", event_time="at")
LABEL = sw.Label("high", SOURCE, "CAST(gate AS bigint) > 3", each=SOURCE, at="at", matures="1h")


def told(sql):
    engine, suspects = DuckdbEngine(threads=1), of_label(LABEL, each=CALLS, outcomes=GATES)
    with pytest.raises(SourceError) as refused, told_of(suspects, engine, what="label 'high'"):
        engine.query(sql, {"gates": GATES})
    return str(refused.value)


def test_the_condition_that_fails_is_named_with_its_line_the_value_and_a_remedy():
    said = told("SELECT count(CAST(gate AS BIGINT)) FROM gates")
    assert f"test_failing_rows.py, line {LABEL.written_at.line})" in said
    assert said.startswith("label 'high' (")
    assert "CAST(gate AS bigint) > 3 fails on a row: Could not convert string 'B7' to INT64" in said
    assert "TRY_CAST" in said
    assert "SELECT" not in said


def test_a_value_that_nobody_may_see_is_masked_in_it_and_the_names_and_the_line_are_not():
    said = discreet_words(told("SELECT count(CAST(gate AS BIGINT)) FROM gates"), ["high"])
    assert "'high'" in said
    assert f"line {LABEL.written_at.line}" in said
    assert "B7" not in said


def test_where_no_expression_is_to_blame_it_is_told_what_was_computed():
    engine = DuckdbEngine(threads=1)
    with pytest.raises(SourceError) as refused, told_of((), engine, what="view 'calls'"):
        engine.query("SELECT count(CAST(gate AS BIGINT)) FROM gates", {"gates": GATES})
    assert str(refused.value).startswith("view 'calls': Could not convert string 'B7'")
    assert "SELECT" not in str(refused.value)


def test_an_error_that_is_not_of_the_rows_keeps_the_statement():
    assert "SELECT nothing FROM gates" in told("SELECT nothing FROM gates")


def test_a_full_disk_is_no_row_s_fault():
    suspects = of_label(LABEL, each=CALLS, outcomes=GATES)
    with pytest.raises(NoRoomError), told_of(suspects, DuckdbEngine(threads=1), what="any"):
        raise NoRoomError("full")

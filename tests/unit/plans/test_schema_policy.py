"""A schema that changes is compared column by column, and unknown columns are dropped only where that is declared."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.artifacts.rows import Rows
from sluiceway.artifacts.source_schema import SourceSchema
from sluiceway.artifacts.table_ref import TYPES, Column
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.plans.schema_policy import schema_changes, settled, uneven_columns

TABLE = pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]})


def source(policy):
    return Source("s", files("s.csv"), schema=policy)


def schema(discarded=(), **columns):
    return SourceSchema("s", "", tuple(Column(name, kind) for name, kind in columns.items()), discarded)


def told(before, after):
    return [str(change) for change in schema_changes(before, after)]


@pytest.mark.parametrize("policy", [None, "evolve", "freeze"])
def test_every_column_stays_unless_discarding_is_declared(policy):
    rows, kept = settled(source(policy), Rows.of(TABLE), known=[Column("a", "integer")])
    assert rows.table() == TABLE
    assert [column.name for column in kept.columns] == ["a", "b"]
    assert kept.discarded == ()


def test_discard_drops_unknown_columns_and_counts_their_values():
    known = [Column("a", "integer"), Column("gone", "text")]
    rows, kept = settled(source("discard"), Rows.of(TABLE), known=known)
    assert rows.schema.names == ["a"]
    assert kept.discarded == (("b", 2),)


def test_discard_of_a_first_version_keeps_what_all_files_have():
    rows, kept = settled(source("discard"), Rows.of(TABLE), uneven=["b"])
    assert (rows.schema.names, kept.discarded, kept.uneven) == (["a"], (("b", 2),), ())


def test_what_vanished_under_freeze_is_there_without_values_and_not_in_the_schema():
    known = [Column("gone", "time"), Column("a", "integer")]
    rows, kept = settled(source("freeze"), Rows.of(TABLE), known=known)
    table = rows.table()
    assert (table.column_names, table["gone"].null_count) == (["a", "b", "gone"], 3)
    assert [column.name for column in kept.columns] == ["a", "b"]
    assert settled(source("evolve"), Rows.of(TABLE), known=known)[0].table() == TABLE


def test_columns_that_some_files_lack_are_found():
    assert uneven_columns({"1": pa.table({"a": [1]}), "2": TABLE}) == ("b",)
    assert uneven_columns({"1": TABLE, "2": TABLE}) == uneven_columns({}) == ()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (schema(a="integer"), schema(a="integer", b="text"), ["b is new (text)"]),
        (schema(a="integer", b="text"), schema(a="integer"), ["b vanished (it was text)"]),
        (schema(a="integer"), schema(a="number"), ["a widened from integer to number"]),
        (schema(a="number"), schema(a="integer"), ["a changed from number to integer"]),
        (schema(a="text"), schema(a="time"), ["a changed from text to time"]),
        (schema(a="integer"), schema(a="integer", discarded=(("b", 3),)), ["b is new (dropped)"]),
        (schema(a="integer"), schema(a="integer"), []),
    ],
)
def test_each_change_is_told(before, after, words):
    assert told(before, after) == words


def test_a_rename_is_suggested_where_one_vanished_and_one_appeared_alike():
    before = schema(dep_delay="number", carrier="text", id="integer")
    after = schema(departure_delay="number", carrier_code="text", id="integer")
    assert told(before, after)[:2] == [
        "departure_delay is new (number), perhaps dep_delay renamed",
        "carrier_code is new (text), perhaps carrier renamed",
    ]
    assert "perhaps x renamed" in told(schema(x="text"), schema(quite_other="text"))[0]


def test_no_rename_is_suggested_between_kinds_or_unlike_names_of_several():
    assert "perhaps" not in " ".join(told(schema(delay="number"), schema(delays="text")))
    assert "perhaps" not in " ".join(told(schema(x="text", y="text"), schema(amount="text", z9="text")))


SCHEMAS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(TYPES), min_size=1)


@settings(deadline=None)
@given(SCHEMAS, SCHEMAS)
def test_nothing_changes_silently_and_nothing_is_told_that_did_not(before, after):
    changes = schema_changes(schema(**before), schema(**after))
    assert {change.column for change in changes} == {
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    }
    assert len({change.column for change in changes}) == len(changes)
    suggested = [change.perhaps for change in changes if change.perhaps]
    assert len(set(suggested)) == len(suggested)
    assert set(suggested) <= before.keys() - after.keys()

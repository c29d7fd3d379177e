"""Sources refuse what cannot be when they are declared."""

import re

import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.column_rules import column
from sluiceway.declare.files import Files, files
from sluiceway.declare.source import Source, window
from sluiceway.declare.table_rules import fresh, reference


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("data/flights.csv.zip", "csv"),
        ("data/flights.CSV.gz", "csv"),
        ("a.tsv", "csv"),
        ("a.pq", "parquet"),
        ("data/*.parquet", "parquet"),
        ("a.jsonl", "ndjson"),
        ("a.feather", "arrow"),
        ("a.json", "json"),
        ("data.v2/a.csv", "csv"),
    ],
)
def test_the_format_is_read_off_the_name(pattern, kind):
    assert files(pattern).format == kind


@pytest.mark.parametrize("pattern", ["data/flights", "data/flights.xlsx", "data.csv/flights", "data/a.gz"])
def test_an_unknown_format_is_refused_with_those_there_are(pattern):
    with pytest.raises(DeclarationError, match="is not one of csv, parquet, json, ndjson, arrow; say format="):
        files(pattern)


def test_a_format_that_is_said_wins_over_the_name():
    assert files("data/flights.txt", format="csv").format == "csv"
    with pytest.raises(DeclarationError, match="'excel'"):
        files("a.csv", format="excel")


@pytest.mark.parametrize("pattern", ["/etc/data.csv", "../other/data.csv", "data/../../x.csv"])
def test_a_path_outside_the_project_is_refused(pattern):
    with pytest.raises(DeclarationError, match=r"leaves the project's folder; put the data below it"):
        files(pattern)


def test_two_dots_inside_a_name_leave_nothing():
    assert files("data/a..csv").pattern == "data/a..csv"


@pytest.mark.parametrize("name", ["", "1st", "with space", "two__underscores", "a" * 64, "naïve", "_hidden"])
def test_a_name_that_could_not_be_a_column_and_a_folder_is_refused(name):
    with pytest.raises(DeclarationError, match="is not allowed: use letters, digits and single underscores"):
        Source(name, files("a.csv"))


def test_a_source_of_nothing_is_refused():
    with pytest.raises(DeclarationError, match="source 'a' has neither files nor sql; give one of them"):
        Source("a")


def test_a_known_time_without_an_event_time_is_refused():
    with pytest.raises(DeclarationError, match="has a known_time but no event_time"):
        Source("a", files("a.csv"), known_time="seen_at")


def test_a_time_that_is_no_expression_is_refused_when_declared():
    with pytest.raises(DeclarationError, match="expression 'select 1'"):
        Source("a", files("a.csv"), event_time="select 1")


def test_known_time_defaults_to_event_time():
    source = Source("a", files("a.csv"), event_time="at")
    assert source.known_expression == source.event_expression
    assert source.event_expression.columns == {"at"}


def test_without_times_a_source_is_timeless():
    source = Source("a", files("a.csv"))
    assert source.is_timeless
    assert source.event_expression is source.known_expression is None


@pytest.mark.parametrize(("key", "keys"), [(None, ()), ("id", ("id",)), (("a", "b"), ("a", "b")), (["a"], ("a",))])
def test_one_key_may_be_written_plainly(key, keys):
    assert Source("a", files("a.csv"), key=key).keys == keys


def test_nulls_given_as_a_list_are_kept_as_a_tuple():
    assert files("a.csv", nulls=["-"]) == Files("a.csv", "csv", ("-",))


def test_a_window_that_is_no_duration_names_its_owner():
    with pytest.raises(DeclarationError, match="view 'v', every: 'soon' is not a duration"):
        window("soon", owner="view 'v', every")


def test_two_rules_that_a_report_could_not_tell_apart_are_refused_and_an_earlier_warning_is_not():
    wide, narrow = column("c").between(0, 9, at_least=0.9), column("c").between(0, 9, at_least=0.99)
    with pytest.raises(DeclarationError, match="expects 'c between 0 and 9' twice"):
        Source("s", files("s.csv"), expectations=[wide, narrow])
    warns = column("c").between(0, 9, at_least=0.99, on_failure="warn")
    assert [each.name for each in Source("s", files("s.csv"), expectations=[wide, warns]).expectations] == [
        "c between 0 and 9",
        "c between 0 and 9 (warns)",
    ]
    with pytest.raises(DeclarationError, match="twice"):
        Source("s", files("s.csv"), expectations=[fresh(within="1d"), fresh(within="2d")])
    with pytest.raises(DeclarationError, match="twice"):
        Source("s", files("s.csv"), expectations=[column("c").mean_within(0.1), column("c").mean_within(0.2)])


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Source("s", files("s.csv"), provenance="me"), "provenance must be sw.Provenance(source=…), got 'me'"),
        (
            lambda: Source("s", files("s.csv"), expectations=["x > 3"]),
            "'x > 3' is no expectation; write a list such as",
        ),
        (lambda: Source("s", files("s.csv"), expectations="x > 3"), "'x > 3' is no expectation"),
        (lambda: reference("a", "airports"), "reference('a', 'airports'): give the source itself, not its name"),
        (lambda: column("a").one_of(["LAL", "BOS"]), "give the values one by one: one_of('EWR', 'JFK')"),
        (lambda: column("a").none_of({"LAL"}), "give the values one by one: none_of('EWR', 'JFK')"),
        (lambda: fresh(within=2), "fresh(within=): 2 is not a duration; write a text such as '90s'"),
    ],
)
def test_slips_of_the_pen_are_told_in_words(made, said):
    with pytest.raises(DeclarationError, match=re.escape(said)):
        made()


def test_one_text_for_missing_values_is_one():
    assert files("s.csv", nulls="NA").nulls == files("s.csv", nulls=["NA"]).nulls == ("NA",)

"""Expectations refuse rules that no data could keep, or every data would."""

import re
from datetime import UTC, datetime

import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.column_rules import column
from sluiceway.declare.expectation import DRIFT, KINDS, Expectation
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import fresh, reference, row, rows, rows_change, sql_check, unique


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_a_share_of_rows_outside_0_to_1_is_refused(share):
    with pytest.raises(DeclarationError, match="at_least must be above 0 and at most 1"):
        column("a").not_null(at_least=share)


def test_an_empty_list_of_values_is_refused():
    with pytest.raises(DeclarationError, match=r"one_of\(\) needs at least one value"):
        column("origin").one_of()


@pytest.mark.parametrize("bounds", [(2, 1), (float("nan"), 1)])
def test_bounds_that_hold_nothing_are_refused(bounds):
    with pytest.raises(DeclarationError, match="holds nothing; low must not exceed high"):
        column("distance").between(*bounds)


def test_equal_bounds_hold_one_value():
    assert column("a").between(1, 1).name == "a between 1 and 1"


def test_an_unknown_type_is_refused_with_those_there_are():
    with pytest.raises(DeclarationError, match="use integer, number, text, time, boolean or numbers"):
        column("a").is_a("float")


def test_a_row_rule_that_is_no_expression_is_refused_when_declared():
    with pytest.raises(DeclarationError, match="expression 'a >'"):
        row("a >")


def test_a_reference_needs_a_key_of_one_column():
    two = Source("legs", files("a.csv"), key=("origin", "dest"))
    with pytest.raises(DeclarationError, match=r"1 column cannot refer to the key of legs, which is \(origin, dest\)"):
        reference("leg", two)


def test_a_reference_remembers_the_other_sources_key():
    airports = Source("airports", files("a.csv"), key="faa")
    rule = reference("dest", airports, at_least=0.98)
    assert (rule.column, rule.other, rule.text, rule.at_least) == ("dest", "airports", "faa", 0.98)


def test_freshness_within_no_duration_is_refused():
    with pytest.raises(DeclarationError, match=r"fresh\(within=\): '2 days' is not a duration"):
        fresh(within="2 days")


def test_every_kind_has_a_name_of_its_own_for_reports():
    airports = Source("airports", files("a.csv"), key="faa")
    rules = column("c")
    made = [
        rules.one_of("x"),
        rules.none_of("x"),
        rules.between(0, 1),
        rules.not_null(),
        rules.matches("a+"),
        rules.contains("a+"),
        row("c > 1"),
        reference("c", airports),
        rules.unique(),
        rules.is_a("text"),
        rules.mean_between(0, 1),
        fresh(within="2d"),
        rows(between=(1, 2)),
        rows_change(at_most=0.5),
        sql_check("SELECT 1"),
    ]
    assert [rule.kind for rule in made] == list(KINDS)
    assert len({rule.name for rule in made}) == len(KINDS)


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (lambda: column("x").mean_within(-0.1), "mean_within: the limit must be at least 0, got -0.1"),
        (lambda: column("x").mean_within(float("nan")), "the limit must be at least 0"),
        (lambda: column("x").nulls_within(1.0), "the limit must be at least 0 and below 1, got 1.0"),
        (lambda: column("x").like(within=2), "the limit must be at least 0 and below 1, got 2"),
        (lambda: column("x").jensen_shannon_within(1), "the limit must be at least 0 and below 1"),
        (lambda: column("x").quantiles_within(0.1, at=[0, 0.5]), "needs numbers above 0 and below 1"),
        (lambda: column("x").quantiles_within(0.1, at=[]), "needs numbers above 0 and below 1"),
        (lambda: column("x").like("newest"), "like: reference 'newest' is none of"),
        (lambda: column("x").mean_within(0.1, rows="some"), "rows must be 'all' or 'new', got 'some'"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused_when_declared(declare, said):
    with pytest.raises(DeclarationError, match=said):
        declare()


def test_a_comparison_remembers_its_limit_its_reference_and_its_rows():
    found = column("x").quantiles_within(0.2, at=[0.5], reference="rolling", rows="new")
    assert (found.kind, found.column, found.high, found.values) == ("quantiles_within", "x", 0.2, (0.5,))
    assert (found.text, found.rows, found.is_drift) == ("rolling 5", "new", True)
    assert column("x").like().text is None
    assert not column("x").not_null().is_drift


@pytest.mark.parametrize("kind", DRIFT)
def test_every_comparison_has_a_name(kind):
    assert Expectation(kind, "x", high=0.1).name


def test_a_reference_takes_as_many_columns_as_the_key_has():
    two = Source("legs", files("a.csv"), key=("origin", "dest"))
    found = reference(("from", "to"), two)
    assert (found.columns, found.values, found.name) == (
        ("from", "to"),
        ("origin", "dest"),
        "(from, to) refers to legs.(origin, dest)",
    )
    with pytest.raises(DeclarationError, match="3 columns cannot refer to the key of legs"):
        reference(("a", "b", "c"), two)
    with pytest.raises(DeclarationError, match="the key of loose, which is not declared"):
        reference("a", Source("loose", files("a.csv")))


def test_a_range_may_be_open_on_one_side_and_says_so():
    rules = column("c")
    assert rules.between(1).name == "c at least 1"
    assert rules.between(None, "b").name == "c at most b"
    assert rules.between(datetime(2013, 1, 1, tzinfo=UTC), None).name == "c at least 2013-01-01T00:00:00Z"
    with pytest.raises(DeclarationError, match="give a low or a high bound"):
        rules.between()
    with pytest.raises(DeclarationError, match="are of two kinds"):
        rules.between(1, "b")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: column("c").between(0, 1, on_failure="drop"), "must be one of stop, warn, quarantine, got 'drop'"),
        (lambda: column("c").unique(on_failure="quarantine", at_least=0.9), "no row alone breaks this one"),
        (lambda: rows(between=(1, None), on_failure="quarantine"), "no row alone breaks this one"),
        (lambda: column("c").not_null(on_failure="quarantine"), "say which share of the rows must keep the rule"),
        (lambda: rows(between=(None, None)), "give a low or a high bound"),
        (lambda: rows(between=5), "between= takes two numbers"),
        (lambda: rows(between=("a", "b")), "the bounds must be numbers"),
        (lambda: rows_change(at_most=-1), "give a share of the earlier rows"),
        (lambda: sql_check("  "), "the statement is empty"),
        (lambda: unique("a", "a"), "needs columns, each once"),
        (lambda: column("c").none_of(), "needs at least one value"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_declared(made, said):
    with pytest.raises(DeclarationError, match=re.escape(said)):
        made()


def test_quarantine_by_reference_needs_a_source_without_times():
    timed = Source("flights", files("f.csv"), key="id", event_time="at")
    timeless = Source("airports", files("a.csv"), key="faa")
    kept = reference("dest", timeless, at_least=0.9, on_failure="quarantine")
    assert kept.on_failure == "quarantine"
    with pytest.raises(DeclarationError, match="needs a source without times"):
        reference("flight", timed, at_least=0.9, on_failure="quarantine")


def test_only_rules_that_set_rows_apart_belong_to_what_a_source_means():
    def meaning(**how):
        return Source("s", files("s.csv"), expectations=[column("c").between(0, 1, **how)]).meaning

    assert meaning() == meaning(at_least=0.5) == meaning(on_failure="warn") == Source("s", files("s.csv")).meaning
    apart = meaning(at_least=0.5, on_failure="quarantine")
    assert apart != meaning()
    assert apart == meaning(at_least=0.9, on_failure="quarantine")

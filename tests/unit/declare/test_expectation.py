"""Expectations refuse rules that no data could keep, or every data would."""

import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.expectation import DRIFT, KINDS, Expectation, column, fresh, reference, row
from sluiceway.declare.files import files
from sluiceway.declare.source import Source


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
    with pytest.raises(DeclarationError, match="use integer, number, text, time or boolean"):
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
        rules.between(0, 1),
        rules.not_null(),
        rules.unique(),
        rules.matches("a+"),
        rules.is_a("text"),
        row("c > 1"),
        reference("c", airports),
        fresh(within="2d"),
        rules.mean_between(0, 1),
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

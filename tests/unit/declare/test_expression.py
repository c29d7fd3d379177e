import json
import subprocess
import sys

import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.expression import bind_expression, parse_expression
from sluiceway.declare.expression_functions import FUNCTIONS

COLUMNS = {"Delay": "number", "minutes": "integer", "origin": "text", "departs": "time", "late": "boolean"}


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("arr_delay > 30", '("arr_delay" > 30::BIGINT)'),
        ("observed_at + interval 1 hour", '("observed_at" + INTERVAL 1 HOUR)'),
        ("a - interval '36 hours'", '("a" - INTERVAL 36 HOUR)'),
        ("hour(at_zone(t, 'America/New_York'))", "hour(timezone('America/New_York', \"t\"))"),
        ("1.5 + -2", "(1.5e0 + CAST(-2 AS BIGINT))"),
        ("a / b + c // 2", '(("a" / nullif("b", 0)) + ("c" // 2::BIGINT))'),
        ("s = 'it''s'", "(\"s\" = 'it''s')"),
        ('"odd ""name" is not null', '(NOT ("odd ""name" IS NULL))'),
        ("not a in ('x', null)", "(NOT (\"a\" IN ('x', NULL)))"),
        ("a between 1 and 2 and b", '((("a" >= 1::BIGINT) AND ("a" <= 2::BIGINT)) AND "b")'),
        ("x::double", 'CAST("x" AS DOUBLE)'),
        ("round(x, 1)", 'round("x", 1)'),
        ("timestamptz '2013-11-01'", "TIMESTAMPTZ '2013-11-01T00:00:00Z'"),
    ],
)
def test_sql_is_bracketed_quoted_and_typed(text, sql):
    assert parse_expression(text).sql == sql


def test_columns_are_those_used_as_written():
    found = parse_expression("case when Origin in ('JFK') then least(a, b) else hour(t) end = 2 or s = 'column'")
    assert found.columns == {"Origin", "a", "b", "t", "s"}


def test_the_same_text_is_parsed_once():
    assert parse_expression("dep_delay > 5") is parse_expression("dep_delay > 5")


def test_trees_survive_json():
    tree = parse_expression("case when a > 1.5 then null else t + interval 2 days end is null").tree
    assert json.loads(json.dumps(tree)) == json.loads(json.dumps(tree, allow_nan=False))
    assert tree[:2] == ("call", "is_null")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("houer(t)", "function houer is not allowed; did you mean hour"),
        ("sum(a)", "aggregates are declared as features of a FeatureView"),
        ("min(a)", "use least"),
        ("now()", "another answer each time"),
        ("current_date", "may not read the clock"),
        ("read_csv('x')", "function read_csv is not allowed"),
        ("hour(t, 1)", "hour takes 1 arguments, got 2"),
        ("substr(s)", "substr takes 2 to 3 arguments, got 1"),
        ("count(*)", "function count is not allowed"),
        ("sum(a) over ()", "a window function is not allowed"),
        ("(select max(a) from t)", "a subquery is not allowed"),
        ("a in (select b from t)", "no subquery"),
        ("a in (b)", "IN takes literals only"),
        ("*", "a star is not allowed"),
        ("t.*", "a star is not allowed"),
        ("t.a", "names a table; write a alone"),
        ("a b", "two expressions side by side"),
        ("a; b", "several statements"),
        ("", "it is empty"),
        ("hour(a", r"Expecting \)"),
        ("s like 'x%'", "LIKE"),
        ("a ** 2", "use pow"),
        ("t at time zone 'UTC'", "use at_zone"),
        ("try_cast(a as double)", "use CAST"),
        ("cast(a as date)", "CAST to DATE is not allowed"),
        ("cast(a as decimal(3, 1))", "CAST to DECIMAL"),
        ("at_zone(t, 'Mars/Olympus')", "no time zone is called 'Mars/Olympus'"),
        ("at_zone(t, '../../etc/passwd')", "no time zone"),
        ("at_zone(t, zone)", "takes its zone as a literal"),
        ("round(x, y)", "decimals as a whole number literal"),
        ("interval 1 hour", "an interval alone is no value"),
        ("t + interval '1 day 2 hours'", "a whole number and one unit"),
        ("t + interval 1 century", "a whole number and one unit|not allowed|Invalid"),
        ("a = b = c", "cannot be chained"),
        ("a is true", "only NULL"),
        ("9223372036854775808", "past what 64 bits hold"),
        ("1e999", "past what a double holds"),
        ("'a' = 1", "text and an integer together"),
        ("true + 1", "takes an integer or a number, got a boolean"),
        ("hour('x')", "takes a time or a local clock reading, got text"),
        ("not 1", "NOT takes a boolean, got an integer"),
        ("a * interval 1 hour", "got an interval"),
        ("coalesce(a, interval 1 hour)", "only be added to a time"),
        ("at_zone(at_zone(t, 'UTC'), 'UTC')", "takes a time, got a local clock reading"),
        (" or ".join(["a"] * 300), "nested"),
        ("(" * 300 + "a" + ")" * 300, "nested"),
        ("$1", "placeholder"),
        ("a[1]", "an index"),
        ("'unclosed", "Write one expression"),
        ("delay >", "something is missing, perhaps at its end. Write one expression"),
    ],
)
def test_what_the_grammar_lacks_is_refused_by_name(text, reason):
    with pytest.raises(DeclarationError, match=reason) as refusal:
        parse_expression(text)
    assert text[:40] in str(refusal.value).replace("\\'", "'")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("delay + minutes", "number"),
        ("minutes // 60", "integer"),
        ("minutes / 60", "number"),
        ("least(minutes, delay)", "number"),
        ("coalesce(minutes, 0)", "integer"),
        ("nullif(minutes, 0.5)", "integer"),
        ("DEPARTS - interval 30 days", "time"),
        ("at_zone(departs, 'UTC')", "local"),
        ("origin || minutes", "text"),
        ("case when late then 'x' end", "text"),
        ("delay > minutes", "boolean"),
        ("null", None),
    ],
)
def test_binding_finds_the_kind(text, kind):
    assert bind_expression(parse_expression(text), COLUMNS) == kind


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("delai > 1", "no column is called 'delai'. Did you mean 'Delay'"),
        ("origin > 1", "text and an integer together"),
        ("hour(minutes)", "got an integer"),
        ("departs - departs", "epoch"),
        ("departs > '2013-01-01'", "a time and text together"),
        ("departs > at_zone(departs, 'UTC')", "a time and a local clock reading together"),
        ("delay // 2", "takes an integer, got a number"),
        ("case when minutes then 1 end", "takes a boolean, got an integer"),
        ("departs::bigint", "a time cannot be CAST to an integer"),
    ],
)
def test_binding_refuses_what_does_not_go_together(text, reason):
    expression = parse_expression(text)
    with pytest.raises(DeclarationError, match=reason):
        bind_expression(expression, COLUMNS)


def test_long_sums_bind_in_time_that_grows_with_their_length():
    assert bind_expression(parse_expression(" + ".join(["minutes"] * 90)), COLUMNS) == "integer"


def test_every_function_says_what_it_takes_and_means():
    assert all(function.takes and function.meaning and function.arity for function in FUNCTIONS.values())


def test_importing_the_grammar_does_not_import_sqlglot():
    code = "import sys, sluiceway.declare.expression; print('sqlglot' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"

"""Every function and construct of expressions means the same in DuckDB and in the request closure."""

import re

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.expression_rows import COLUMNS, GOLDEN, INF, NAN, assert_same, every, in_closure, in_duckdb, plain
from tests.random_expressions import ANY, ROWS

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.expression import bind_expression, parse_expression
from sluiceway.declare.expression_functions import FUNCTIONS
from sluiceway.declare.expression_total import total, total_sql
from sluiceway.plans.request_closure import compile_closure, compile_tree

LARGEST = 2**63 - 1
EDGES = st.sampled_from([None, 0, 1, -1, 2, 10, 2**31, 2**32, 2**53, 2**62, LARGEST, -LARGEST, -LARGEST - 1])
WORDS = st.sampled_from([None, "", "abc", "7", " 7 ", "-2.5", "1e3", "inf", "nan", "t", "no", "9" * 40, "é"])
BREAKING_ROWS = st.fixed_dictionaries({"i": EDGES, "j": EDGES, "s": WORDS, "f": st.sampled_from([None, True, False])})
BREAKING_OFF = [
    "i + j", "i - j", "i * j", "-i", "abs(i)", "i // j", "i % j", "round(i, -2)", "(i + j) * 2 > 5 or f",
    "cast(s as bigint) + i", "cast(s as double) > 1 and f", "f or cast(s as boolean)", "coalesce(cast(s as bigint), i)",
    "case when cast(s as bigint) > 3 then i + 1 when f then j end", "substr(s, i, j)", "substr(s, i)",
]  # fmt: skip


@pytest.mark.parametrize(("text", "row", "expected"), GOLDEN)
def test_golden_rows_agree_in_the_closure_and_in_duckdb(session, text, row, expected):
    expression = parse_expression(text)
    kind = bind_expression(expression, COLUMNS)
    for found, where in (
        (in_closure(expression, [row])[0], "closure"),
        (in_duckdb(session, expression.sql, [row], kind=kind)[0], "duckdb"),
    ):
        assert_same(found, plain(expected), where=f"{text} in the {where}")


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (text, row)
        for text, row, expected in GOLDEN
        if not (expected is None and any(sign in text for sign in ("/", "%")))  # DuckDB alone stops, or says inf
        and not re.search(r"0\.1 \+|2147483647", text)  # DuckDB alone has DECIMAL and 32-bit literals
    ],
)
def test_text_as_written_means_to_duckdb_what_the_grammar_read(session, text, row):
    expression = parse_expression(text)
    kind = bind_expression(expression, COLUMNS)
    written = in_duckdb(session, f"({text})", [row], kind=kind)[0]
    read = in_duckdb(session, expression.sql, [row], kind=kind)[0]
    assert_same(written, read, where=text)


@pytest.mark.parametrize(("text", "row", "expected"), GOLDEN)
def test_a_tree_that_went_through_json_computes_the_same(text, row, expected):
    expression = parse_expression(text)
    compute, kind = compile_tree(msgspec.json.decode(msgspec.json.encode(expression.tree)), COLUMNS)
    assert (None if kind == "null" else kind) == bind_expression(expression, COLUMNS)
    found = plain(compute({name: row.get(name) for name in COLUMNS}))
    assert_same(found, plain(expected), where=f"{text} from JSON")


def test_a_stored_tree_that_does_not_fit_the_columns_is_refused():
    tree = parse_expression("length(s) + i").tree
    with pytest.raises(DeclarationError, match=r"stored expression .* no column is called 's'"):
        compile_tree(tree, {"i": "integer"})
    with pytest.raises(DeclarationError, match=r"stored expression .* takes text, got an integer"):
        compile_tree(tree, {"i": "integer", "s": "integer"})


def test_every_allowed_function_has_a_golden_row():
    shown = {name for text, _, _ in GOLDEN for name in re.findall(r"(\w+)\(", text)}
    assert not set(FUNCTIONS) - shown


@pytest.mark.parametrize(
    "name", [name for name in FUNCTIONS if name not in {"concat", "coalesce", "least", "greatest"}]
)
def test_functions_give_null_when_their_first_argument_is_null(session, name):
    arguments = {"numeric": "x", "text": "s", "integer": "1", "moment": "t", "time": "t", "same": "i"}
    written = [
        "'UTC'" if name == "at_zone" and at else arguments[kind] for at, kind in enumerate(FUNCTIONS[name].takes)
    ]
    expression = parse_expression(f"{name}({', '.join(written)})")
    assert in_closure(expression, [{}]) == [None]
    assert in_duckdb(session, expression.sql, [{}], kind=None) == [None]


@pytest.mark.parametrize(
    ("text", "row"),
    [("cast(s as double)", "abc"), ("cast(s as bigint)", ""), ("cast(s as bigint)", "1e30"), ("s::boolean", "on")],
)
def test_a_text_that_does_not_convert_stops_both(session, text, row):
    expression = parse_expression(text)
    with pytest.raises(ValueError, match=r"CAST|past what"):
        in_closure(expression, [{"s": row}])
    with pytest.raises(duckdb.ConversionException):
        in_duckdb(session, expression.sql, [{"s": row}], kind="number")


@pytest.mark.parametrize("value", [NAN, INF, 1e19])
def test_a_number_that_no_bigint_holds_stops_both(session, value):
    expression = parse_expression("x::bigint")
    with pytest.raises(ValueError, match=r"CAST|past what"):
        in_closure(expression, [{"x": value}])
    with pytest.raises(duckdb.ConversionException):
        in_duckdb(session, expression.sql, [{"x": value}], kind="integer")


@pytest.mark.parametrize(
    ("text", "row", "made"),
    [
        ("i + 1", {"i": 2**63 - 1}, None),
        ("-i", {"i": -(2**63)}, None),
        ("abs(i)", {"i": -(2**63)}, None),
        ("i // -1", {"i": -(2**63)}, None),
        ("round(i, -3)", {"i": 2**63 - 1}, None),
        ("cast(s as bigint) > 3", {"s": "abc"}, None),
        ("i > 0 or cast(s as bigint) > 3", {"i": 1, "s": "abc"}, True),
        ("cast(s as bigint) > 3 or i > 0", {"i": 1, "s": "abc"}, True),
        ("i < 0 and cast(s as bigint) > 3", {"i": 1, "s": "abc"}, False),
        ("coalesce(cast(s as bigint), 7)", {"s": "abc"}, 7),
        ("cast(s as bigint) is null", {"s": "abc"}, True),
        ("case when cast(s as boolean) then 1 else 2 end", {"s": "abc"}, 2),
    ],
)
def test_a_total_expression_is_missing_where_it_breaks_off_alike_in_both(session, text, row, made):
    expression = parse_expression(text)
    kind = bind_expression(expression, COLUMNS)
    tree = total(expression.tree)
    assert compile_tree(tree, COLUMNS)[0](every(row)) == made
    assert compile_tree(tree, COLUMNS)[1] == kind
    (found,) = in_duckdb(session, total_sql(expression), [row], kind=kind)
    assert repr(found) == repr(made), (text, row)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.sampled_from(BREAKING_OFF), row=BREAKING_ROWS)
def test_total_expressions_over_any_row_stop_neither_and_agree(session, text, row):
    expression = parse_expression(text)
    kind = bind_expression(expression, COLUMNS)
    made = compile_tree(total(expression.tree), COLUMNS)[0](every(row))
    (found,) = in_duckdb(session, total_sql(expression), [row], kind=kind)
    assert repr(found) == repr(made), (text, row)


def test_column_names_match_without_regard_to_case():
    assert compile_closure(parse_expression("I + 1"), COLUMNS)({"i": 1}) == 2


def test_a_closure_without_types_reads_the_names_as_written():
    compute = compile_closure(parse_expression("arr_delay > 30"))
    assert [compute({"arr_delay": delay}) for delay in (31.0, 30.0, None)] == [True, False, None]


def test_a_row_without_the_column_is_an_error_and_not_null():
    with pytest.raises(KeyError):
        compile_closure(parse_expression("arr_delay > 30"))({})


def test_types_that_do_not_go_together_are_refused_when_compiled():
    with pytest.raises(DeclarationError, match="text and an integer"):
        compile_closure(parse_expression("s = 1"), COLUMNS)


def test_upper_and_lower_agree_on_every_letter_of_the_basic_plane(session):
    letters = [chr(code) for code in range(1, 0x10000) if not 0xD800 <= code < 0xE000]
    rows = [{"s": letter} for letter in letters]
    for text in ("upper(s)", "lower(s)", "trim('a' || s)"):
        expression = parse_expression(text)
        found, expected = in_closure(expression, rows), in_duckdb(session, expression.sql, rows, kind="text")
        assert [letters[at] for at in range(len(rows)) if found[at] != expected[at]] == []


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=ANY, rows=ROWS)
def test_random_expressions_over_random_rows_agree(session, text, rows):
    expression = parse_expression(text)
    kind = bind_expression(expression, COLUMNS)
    expected = in_duckdb(session, expression.sql, rows, kind=kind)
    for found, wanted, row in zip(in_closure(expression, rows), expected, rows, strict=True):
        assert_same(found, wanted, where=f"{text} over {row}")

"""Every function and construct of expressions means the same in DuckDB and in the request closure."""

import math
import re
from datetime import UTC, datetime, timedelta

import duckdb
import msgspec
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.expression import bind_expression, parse_expression
from sluiceway.declare.expression_functions import FUNCTIONS
from sluiceway.declare.expression_total import total, total_sql
from sluiceway.plans.request_closure import compile_closure, compile_tree

COLUMNS = {
    "i": "integer", "j": "integer", "x": "number", "y": "number", "s": "text", "u": "text",
    "t": "time", "v": "time", "f": "boolean", "g": "boolean",
}  # fmt: skip
ARROW = {
    "integer": pa.int64(), "number": pa.float64(), "text": pa.string(), "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
}  # fmt: skip
SCHEMA = pa.schema([(name, ARROW[kind]) for name, kind in COLUMNS.items()])
NAN, INF = math.nan, math.inf
NOON = datetime(2024, 3, 10, 12, 34, 56, 789000, UTC)
SUNDAY_NIGHT = datetime(2013, 11, 3, 3, 30, tzinfo=UTC)
LEAP_END = datetime(2024, 1, 31, 23, 59, 59, 1, UTC)

LARGEST = 2**63 - 1
EDGES = st.sampled_from([None, 0, 1, -1, 2, 10, 2**31, 2**32, 2**53, 2**62, LARGEST, -LARGEST, -LARGEST - 1])
WORDS = st.sampled_from([None, "", "abc", "7", " 7 ", "-2.5", "1e3", "inf", "nan", "t", "no", "9" * 40, "é"])
BREAKING_ROWS = st.fixed_dictionaries({"i": EDGES, "j": EDGES, "s": WORDS, "f": st.sampled_from([None, True, False])})
BREAKING_OFF = [
    "i + j", "i - j", "i * j", "-i", "abs(i)", "i // j", "i % j", "round(i, -2)", "(i + j) * 2 > 5 or f",
    "cast(s as bigint) + i", "cast(s as double) > 1 and f", "f or cast(s as boolean)", "coalesce(cast(s as bigint), i)",
    "case when cast(s as bigint) > 3 then i + 1 when f then j end", "substr(s, i, j)", "substr(s, i)",
]  # fmt: skip
MORNING_THERE = datetime(2024, 3, 10, 8, 34, 56, 789000)

# expression, values of the columns it uses (the others NULL), and the result that both readings must give
GOLDEN = [
    ("abs(i)", {"i": -5}, 5),
    ("abs(x)", {"x": -2.5}, 2.5),
    ("round(x)", {"x": 2.5}, 3.0),
    ("round(x)", {"x": -2.5}, -3.0),
    ("round(x)", {"x": 0.49999999999999994}, 0.0),
    ("round(x)", {"x": NAN}, NAN),
    ("round(x, 2)", {"x": 2.675}, 2.68),
    ("round(x, -2)", {"x": 1250.0}, 1300.0),
    ("round(i, -1)", {"i": -25}, -30),
    ("round(i, 2)", {"i": 7}, 7),
    ("floor(x)", {"x": -2.5}, -3.0),
    ("floor(i)", {"i": 3}, 3.0),
    ("floor(x)", {"x": INF}, INF),
    ("ceil(x)", {"x": -2.5}, -2.0),
    ("ceil(x)", {"x": NAN}, NAN),
    ("sqrt(x)", {"x": 6.25}, 2.5),
    ("sqrt(x)", {"x": -1.0}, NAN),
    ("ln(x)", {"x": 1.0}, 0.0),
    ("ln(x)", {"x": 0.0}, -INF),
    ("ln(x)", {"x": -1.0}, NAN),
    ("log10(i)", {"i": 1000}, 3.0),
    ("log10(x)", {"x": 0.0}, -INF),
    ("log10(x)", {"x": -3.0}, NAN),
    ("exp(x)", {"x": 0.0}, 1.0),
    ("exp(x)", {"x": 1000.0}, INF),
    ("exp(x)", {"x": NAN}, NAN),
    ("pow(i, j)", {"i": 2, "j": 10}, 1024.0),
    ("pow(x, y)", {"x": 0.0, "y": -1.0}, INF),
    ("pow(x, y)", {"x": -0.0, "y": -3.0}, -INF),
    ("pow(x, y)", {"x": -8.0, "y": 0.5}, NAN),
    ("pow(x, y)", {"x": -1e200, "y": 3.0}, -INF),
    ("pow(x, y)", {"x": NAN, "y": 0.0}, 1.0),
    ("sin(x)", {"x": 0.0}, 0.0),
    ("sin(x)", {"x": INF}, NAN),
    ("cos(x)", {"x": 0.0}, 1.0),
    ("cos(x)", {"x": -INF}, NAN),
    ("least(i, j)", {"i": 3, "j": None}, 3),
    ("least(x, y)", {"x": NAN, "y": 1.0}, 1.0),
    ("least(i, x)", {"i": 2, "x": 2.5}, 2.0),
    ("least(s, u)", {"s": "b", "u": "a"}, "a"),
    ("greatest(i, j)", {"i": 3, "j": 4}, 4),
    ("greatest(x, y)", {"x": NAN, "y": 1.0}, NAN),
    ("greatest(i, j)", {"i": None, "j": None}, None),
    ("coalesce(i, j, 7)", {"i": None, "j": None}, 7),
    ("coalesce(i, x)", {"i": 1, "x": None}, 1.0),
    ("cast(coalesce(i, x) as varchar)", {"i": 1, "x": None}, "1.0"),
    ("nullif(i, 0)", {"i": 0}, None),
    ("nullif(i, j)", {"i": 1, "j": None}, 1),
    ("nullif(x, y)", {"x": NAN, "y": NAN}, None),
    ("hour(t)", {"t": NOON}, 12),
    ("at_zone(t, 'America/New_York')", {"t": NOON}, MORNING_THERE),
    ("hour(at_zone(t, 'America/New_York'))", {"t": SUNDAY_NIGHT}, 23),
    ("dayofweek(at_zone(t, 'America/New_York'))", {"t": SUNDAY_NIGHT}, 6),
    ("minute(at_zone(t, 'Asia/Kolkata'))", {"t": NOON}, 4),
    ("minute(t)", {"t": NOON}, 34),
    ("day(t)", {"t": NOON}, 10),
    ("month(t)", {"t": NOON}, 3),
    ("year(t)", {"t": NOON}, 2024),
    ("dayofweek(t)", {"t": NOON}, 0),
    ("isodow(t)", {"t": NOON}, 7),
    ("dayofyear(t)", {"t": NOON}, 70),
    ("epoch(t)", {"t": NOON}, 1710074096.789),
    ("epoch(at_zone(t, 'America/New_York'))", {"t": NOON}, 1710059696.789),
    ("lower(s)", {"s": "ÀΣİ"}, "à\u03c3i"),
    ("upper(s)", {"s": "straße"}, "STRAẞE"),
    ("length(s)", {"s": "héllo"}, 5),
    ("trim(s)", {"s": " \u00a0a\t "}, "a\t"),
    ("starts_with(s, u)", {"s": "abc", "u": "ab"}, True),
    ("starts_with(s, '')", {"s": "abc"}, True),
    ("contains(s, 'bc')", {"s": "abc"}, True),
    ("contains(s, 'x')", {"s": None}, None),
    ("substr(s, 2, 3)", {"s": "hello"}, "ell"),
    ("substr(s, 0, 3)", {"s": "hello"}, "he"),
    ("substr(s, -3, 2)", {"s": "hello"}, "ll"),
    ("substr(s, 3, -2)", {"s": "hello"}, "he"),
    ("substr(s, -10, 7)", {"s": "hello"}, "he"),
    ("substr(s, 4)", {"s": "hello"}, "lo"),
    ("concat(s, i, x, f)", {"s": None, "i": 1, "x": 2.5, "f": True}, "12.5true"),
    ("concat(s)", {"s": None}, ""),
    ("replace(s, 'a', 'bb')", {"s": "aXa"}, "bbXbb"),
    ("replace(s, '', 'x')", {"s": "abc"}, "abc"),
    ("i + j - 1", {"i": 2, "j": 3}, 4),
    ("i * x", {"i": 2, "x": 1.25}, 2.5),
    ("i / j", {"i": -7, "j": 2}, -3.5),
    ("i / j", {"i": 1, "j": 0}, None),
    ("x / y", {"x": 0.0, "y": -0.0}, None),
    ("i // j", {"i": -7, "j": 2}, -3),
    ("i // j", {"i": 7, "j": -2}, -3),
    ("i // j", {"i": 9007199254740993, "j": -1}, -9007199254740993),
    ("i // 0", {"i": 7}, None),
    ("i % j", {"i": -7, "j": 3}, -1),
    ("i % j", {"i": 7, "j": -3}, 1),
    ("i % j", {"i": 7, "j": 0}, None),
    ("x % y", {"x": -7.5, "y": 2.0}, -1.5),
    ("x % y", {"x": INF, "y": 2.0}, NAN),
    ("x % y", {"x": 5.0, "y": INF}, 5.0),
    ("-i", {"i": 3}, -3),
    ("0.1 + x", {"x": 0.2}, 0.30000000000000004),
    ("1e3 * i", {"i": 2}, 2000.0),
    ("2147483647 + 1", {}, 2147483648),
    ("i = j", {"i": 1, "j": None}, None),
    ("x = y", {"x": NAN, "y": NAN}, True),
    ("x > y", {"x": NAN, "y": INF}, True),
    ("x < y", {"x": NAN, "y": 1.0}, False),
    ("x <= y", {"x": NAN, "y": NAN}, True),
    ("i >= x", {"i": 2, "x": 2.0}, True),
    ("i <> j", {"i": 1, "j": 2}, True),
    ("i != j", {"i": 1, "j": 1}, False),
    ("s < u", {"s": "Z", "u": "a"}, True),
    ("t > timestamptz '2024-03-10 12:00:00+00'", {"t": NOON}, True),
    ("t < v", {"t": NOON, "v": LEAP_END}, False),
    ("f and g", {"f": False, "g": None}, False),
    ("f and g", {"f": None, "g": True}, None),
    ("f or g", {"f": None, "g": True}, True),
    ("f or g", {"f": None, "g": False}, None),
    ("not f", {"f": None}, None),
    ("not f = g", {"f": True, "g": False}, True),
    ("i is null", {"i": None}, True),
    ("i is not null", {"i": None}, False),
    ("i in (1, 2)", {"i": 2}, True),
    ("i in (1, 1)", {"i": 2}, False),
    ("i in (1, null)", {"i": 2}, None),
    ("i not in (1, null)", {"i": 1}, False),
    ("s in ('EWR', 'JFK')", {"s": None}, None),
    ("t in (timestamptz '2013-11-03 03:30:00+00')", {"t": SUNDAY_NIGHT}, True),
    ("i between 1 and 3", {"i": 3}, True),
    ("i between j and 0", {"i": 1, "j": None}, False),
    ("i not between 1 and 3", {"i": 4}, True),
    ("case when i > 1 then 'many' when i = 1 then 'one' else 'none' end", {"i": 1}, "one"),
    ("case when f then 1 end", {"f": None}, None),
    ("case s when 'a' then i else x end", {"s": "a", "i": 3, "x": 0.5}, 3.0),
    ("cast(s as double)", {"s": " 1.5e3 "}, 1500.0),
    ("cast(s as double)", {"s": "-Infinity"}, -INF),
    ("cast(s as bigint)", {"s": "-2.5"}, -3),
    ("x::bigint", {"x": 2.5}, 2),
    ("f::bigint", {"f": True}, 1),
    ("cast(i as double)", {"i": 3}, 3.0),
    ("cast(x as varchar)", {"x": 1e16}, "1e+16"),
    ("t::varchar", {"t": NOON}, "2024-03-10 12:34:56.789+00"),
    ("at_zone(t, 'Europe/Paris')::varchar", {"t": NOON}, "2024-03-10 13:34:56.789"),
    ("cast(i as boolean)", {"i": 2}, True),
    ("cast(s as boolean)", {"s": "No"}, False),
    ("s || i || 'x'", {"s": "a", "i": 1}, "a1x"),
    ("s || u", {"s": "a", "u": None}, None),
    ("t + interval 1 hour", {"t": NOON}, NOON + timedelta(hours=1)),
    ("t - interval '36 hours'", {"t": NOON}, NOON - timedelta(hours=36)),
    ("interval 2 weeks + t", {"t": NOON}, NOON + timedelta(days=14)),
    ("t + interval 1 month", {"t": LEAP_END}, datetime(2024, 2, 29, 23, 59, 59, 1, UTC)),
    ("t - interval 11 months", {"t": LEAP_END}, datetime(2023, 2, 28, 23, 59, 59, 1, UTC)),
    ("t + interval 1 year", {"t": None}, None),
    ("at_zone(t, 'America/New_York') + interval 1 day", {"t": NOON}, MORNING_THERE + timedelta(days=1)),
    ("i + i * 2 > 8 and not s = 'x' or f", {"i": 3, "s": "y", "f": None}, True),
]


@pytest.fixture(scope="module")
def session():
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE MACRO at_zone(moment, zone) AS timezone(zone, moment)")
    yield connection
    connection.close()


def in_duckdb(session, sql, rows, *, kind):
    facts = pa.Table.from_pylist([{name: row.get(name) for name in COLUMNS} for row in rows], schema=SCHEMA)
    session.register("facts", facts)
    value = f"epoch_us({sql})" if kind in {"time", "local"} else sql  # DuckDB needs pytz to give out an aware datetime
    return [found for (found,) in session.execute(f"SELECT {value} FROM facts").fetchall()]


def in_closure(expression, rows):
    compute = compile_closure(expression, COLUMNS)
    return [plain(compute({name: row.get(name) for name in COLUMNS})) for row in rows]


def every(row):
    return {name: row.get(name) for name in COLUMNS}


def plain(value):
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return value


def assert_same(found, expected, *, where):
    assert type(found) is type(expected), f"{where}: {found!r} is no {type(expected).__name__}"
    if isinstance(expected, float):
        same = found == expected or (math.isnan(found) and math.isnan(expected))
        assert same or math.isclose(found, expected, rel_tol=1e-12), f"{where}: {found!r}, not {expected!r}"
    else:
        assert found == expected, where


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


def _either(*options):
    return st.one_of(*options)


def _joined(pattern, *parts):
    return st.tuples(*parts).map(lambda texts: pattern.format(*texts))


def _expressions(depth):
    """Texts by kind; curves stand outermost only, as one bit more or less must not cross a step below them."""
    leaves = {
        "integer": _either(st.sampled_from(["i", "j"]), st.integers(-9, 9).map(lambda n: f"({n})")),
        "number": st.sampled_from(["x", "y", "0.5", "(-1.5)", "1e2"]),
        "text": st.sampled_from(["s", "u", "'a'", "''", "'Ab'"]),
        "boolean": st.sampled_from(["f", "g", "true", "null::boolean"]),
        "time": st.sampled_from(["t", "v", "timestamptz '2013-11-03 06:00:00+00'"]),
    }
    if depth == 0:
        return leaves
    e = _expressions(depth - 1)
    i, x, s, f, t = (e[kind] for kind in ("integer", "number", "text", "boolean", "time"))
    sums = st.sampled_from(["+", "-", "*", "%"])
    order = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    numeric = _either(i, x)
    moment = _either(t, _joined("at_zone({}, '{}')", t, st.sampled_from(["America/New_York", "Asia/Kolkata", "UTC"])))
    parts = st.sampled_from(["hour", "minute", "day", "month", "year", "dayofweek", "isodow", "dayofyear"])
    return {
        "integer": _either(
            leaves["integer"],
            _joined("({} {} {})", i, sums, i),
            _joined("({} // {})", i, i),
            _joined("(-{})", i),
            _joined("abs({})", i),
            _joined("round({}, {})", i, st.integers(-2, 2)),
            _joined("nullif({}, {})", i, numeric),
            _joined("coalesce({}, {})", i, i),
            _joined("least({}, {}, {})", i, i, i),
            _joined("greatest({}, {})", i, i),
            _joined("case when {} then {} else {} end", f, i, i),
            _joined("length({})", s),
            _joined("{}({})", parts, moment),
            _joined("({})::bigint", f),
        ),
        "number": _either(
            leaves["number"],
            _joined("({} {} {})", x, sums, numeric),
            _joined("({} / {})", numeric, numeric),
            _joined("{}({})", st.sampled_from(["floor", "ceil"]), numeric),
            _joined("round({}, {})", x, st.integers(-2, 3)),
            _joined("coalesce({}, {})", i, x),
            _joined("least({}, {})", x, i),
            _joined("greatest({}, {})", x, x),
            _joined("case {} when {} then {} else {} end", i, i, i, x),
            _joined("epoch({})", moment),
            _joined("({})::double", i),
        ),
        "text": _either(
            leaves["text"],
            _joined("({} || {})", s, _either(s, i, x, f, t)),
            _joined("concat({}, {}, {})", s, x, i),
            _joined("{}({})", st.sampled_from(["lower", "upper", "trim"]), s),
            _joined("substr({}, {}, {})", s, i, i),
            _joined("replace({}, {}, {})", s, s, s),
            _joined("case when {} then {} end", f, s),
            _joined("nullif({}, {})", s, s),
        ),
        "boolean": _either(
            leaves["boolean"],
            _joined("({} {} {})", numeric, order, numeric),
            _joined("({} {} {})", s, order, s),
            _joined("({} {} {})", t, order, t),
            _joined("({} {} {})", f, st.sampled_from(["and", "or"]), f),
            _joined("(not {})", f),
            _joined("({} is {}null)", _either(numeric, s, f, t), st.sampled_from(["", "not "])),
            _joined("({} in (1, 2.5, {}))", numeric, st.sampled_from(["0", "null"])),
            _joined("({} between {} and {})", i, i, x),
            _joined("{}({}, {})", st.sampled_from(["contains", "starts_with"]), s, s),
            _joined("({})::boolean", i),
        ),
        "time": _either(
            leaves["time"],
            _joined(
                "({} {} interval {} {})",
                t,
                st.sampled_from(["+", "-"]),
                st.integers(0, 40),
                st.sampled_from(["seconds", "minutes", "hours", "days", "weeks", "months", "years"]),
            ),
            _joined("coalesce({}, {})", t, t),
            _joined("greatest({}, {})", t, t),
        ),
    }


EXACT = _expressions(3)
CURVES = st.sampled_from(["sqrt", "ln", "log10", "exp", "sin", "cos"])
ANY = _either(
    *EXACT.values(),
    _joined("{}({})", CURVES, EXACT["number"]),
    _joined("pow({}, {})", EXACT["number"], EXACT["integer"]),
)
VALUES = {
    "integer": st.none() | st.integers(-50, 50),
    "number": st.none() | st.sampled_from([0.0, -0.0, 0.1, 1.0, -2.5, 3.75, 1e-5, 123456.75, NAN, INF, -INF]),
    "text": st.none() | st.sampled_from(["", "a", "A b", " é ", "straße", "ÀΣ", "a\t"]),
    "boolean": st.none() | st.booleans(),
    "time": st.none()
    | st.integers(150_000_000_000_000, 2_050_000_000_000_000).map(
        lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    ),
}
ROWS = st.lists(st.fixed_dictionaries({name: VALUES[kind] for name, kind in COLUMNS.items()}), min_size=4, max_size=4)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=ANY, rows=ROWS)
def test_random_expressions_over_random_rows_agree(session, text, rows):
    expression = parse_expression(text)
    kind = bind_expression(expression, COLUMNS)
    expected = in_duckdb(session, expression.sql, rows, kind=kind)
    for found, wanted, row in zip(in_closure(expression, rows), expected, rows, strict=True):
        assert_same(found, wanted, where=f"{text} over {row}")

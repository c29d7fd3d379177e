"""Expressions with rows and what they come to, and both ways to compute them: DuckDB's and the request closure's."""

import math
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from sluiceway.plans.request_closure import compile_closure

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

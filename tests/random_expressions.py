"""Random expressions, and random rows to compute them over."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from tests.expression_rows import COLUMNS, INF, NAN


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

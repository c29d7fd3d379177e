"""Request features as training computes them: in DuckDB, rounded or cast as the training table is."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.serving_contract import Field, RequestFeature, ServingContract
from sluiceway.core.errors import DeclarationError, RequestError
from sluiceway.declare.expression import bind_expression, parse_expression
from sluiceway.online.request_features import RequestFeatures
from sluiceway.plans.partials import single

KINDS = {"i": "integer", "x": "number", "s": "text", "t": "time", "f": "boolean"}
ARROW = {
    "integer": pa.int64(), "number": pa.float64(), "text": pa.string(), "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
}  # fmt: skip
SCHEMA = pa.schema([(name, ARROW[kind]) for name, kind in KINDS.items()])
EXPRESSIONS = {
    "hour": "hour(at_zone(T, 'America/New_York'))",  # a name may be written in any case
    "later": "epoch(t + interval 1 month)",
    "angle": "sin(2 * 3.141592653589793 * dayofyear(t) / 365.25)",
    "share": "x / 3",
    "same": "i",
    "mixed": "case when f then i else x end",
    "least": "least(i, x)",
    "band": "case when x < 0 then 'low' when x < 100 then 'mid' else 'high' end",
    "first": "upper(substr(s, 1, 2))",
    "glued": "s || '-' || i",
    "flag": "x > 0.5 and f",
    "known": "s is not null",
    "among": "s in ('EWR', 'JFK', null)",
    "root": "sqrt(x)",
    "huge": "x * 1e300",
    "nothing": "coalesce(null, f)",
}
NOON = datetime(2024, 1, 31, 12, 30, 15, 250_000, UTC)
ROW = {"i": 3, "x": 0.1, "s": "JFK", "t": NOON, "f": True}
VALUES = {
    "i": st.none() | st.integers(-(2**62), 2**62) | st.integers(-9, 9),
    "x": st.none() | st.floats(),
    "s": st.none() | st.sampled_from(["", "JFK", "straße", " é "]),
    "t": st.none() | st.integers(0, 4 * 10**15).map(lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, 0, us)),
    "f": st.none() | st.booleans(),
}
ROWS = st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=8)


def features_of(**expressions):
    request = tuple(
        RequestFeature(name, text, parse_expression(text).tree) for name, text in expressions.items()
    )  # fmt: skip
    contract = ServingContract(tuple(Field(name, kind) for name, kind in KINDS.items()), (), (), request)
    return RequestFeatures(decode(ServingContract, encode(contract)))


def as_trained(text):
    expression = parse_expression(text)
    if bind_expression(expression, KINDS) in {"integer", "number"}:
        return single(f"({expression.sql})")
    return f"CAST({expression.sql} AS VARCHAR)"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS)
def test_features_are_what_training_has_for_the_same_inputs(session, rows):
    session.register("asked", pa.Table.from_pylist(rows, schema=SCHEMA))
    columns = ", ".join(f"{as_trained(text)} AS {name}" for name, text in EXPRESSIONS.items())
    trained = session.execute(f"SELECT {columns} FROM asked").fetchall()
    served = features_of(**EXPRESSIONS)
    for row, expected in zip(rows, trained, strict=True):
        found = served.of(row, {})
        assert list(found) == list(EXPRESSIONS)
        assert list(map(repr, found.values())) == list(map(repr, expected)), row


def test_numbers_come_as_float32_holds_them_and_booleans_as_text():
    found = features_of(third="x / 3", whole="i + 16777214", flag="not f", gone="x / 0", far="x * 1e300").of(ROW, {})
    assert found == {"third": 0.03333333507180214, "whole": 16777216.0, "flag": "false", "gone": None, "far": None}


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("cast(s as double) + i", {"s": "abc"}),
        ("hour(T + interval 9000 years)", {}),
        ("hour(at_zone(t, 'Asia/Tokyo'))", {"t": datetime.max.replace(tzinfo=UTC)}),
        ("x::bigint", {"x": 1e19}),
        ("i * 2", {"i": 2**62}),
        ("cast(s as bigint)", {"s": "9" * 500}),
    ],
)
def test_a_value_that_cannot_be_computed_is_missing(text, row):
    assert features_of(fine="i > 0", odd=text, there=f"coalesce({text}, 7)").of(ROW | row, {}) == {
        "fine": "true", "odd": None, "there": 7.0,
    }  # fmt: skip


def test_a_column_that_the_request_lacks_is_named():
    with pytest.raises(RequestError, match="the request lacks t"):
        features_of(hour="hour(t)").of({"x": 1.0}, {})


def test_an_expression_that_does_not_fit_the_inputs_is_refused_at_once():
    request = (RequestFeature("odd", "length(gate)", parse_expression("length(gate)").tree),)
    with pytest.raises(DeclarationError, match="gate"):
        RequestFeatures(ServingContract((Field("i", "integer"),), (), (), request))
    request = (RequestFeature("odd", "length(i)", parse_expression("length(i)").tree),)
    with pytest.raises(DeclarationError, match="takes text, got an integer"):
        RequestFeatures(ServingContract((Field("i", "integer"),), (), (), request))

"""Requests as a server reads them."""

from datetime import UTC, datetime

import msgspec
import pyarrow as pa
import pytest

from sluiceway.artifacts.serving_contract import Field, ServingContract
from sluiceway.online.questions import questions_of
from sluiceway.server.limits import Limits
from sluiceway.server.request import RequestReader

TIME = pa.timestamp("us", "UTC")
CONTRACT = ServingContract(
    inputs=(
        Field("carrier", "text"),
        Field("departs", "time"),
        Field("distance", "integer"),
        Field("price", "number"),
        Field("international", "boolean"),
    ),
    key=(Field("flight_id", "text"),),
    views=(),
    request=(),
)
WHOLE = datetime(2013, 9, 1, 10, 15, tzinfo=UTC)
EXACT = datetime(1969, 12, 31, 23, 59, 59, 123456, tzinfo=UTC)
ROWS = pa.table(
    {
        "_at": pa.array([WHOLE, EXACT], TIME),
        "_label": [0, None],
        "flight_id": ["a/1", 'ü"\\'],
        "carrier": ["UA", None],
        "departs": pa.array([WHOLE, EXACT], TIME),
        "distance": pa.array([2**62, None], pa.int64()),
        "price": [0.1, None],
        "international": [True, None],
    }
)


def test_a_body_is_what_a_caller_would_have_written():
    first, second = questions_of(ROWS, CONTRACT)
    assert first.at == 1378030500000000
    assert first.body == (
        b'{"carrier":"UA","departs":"2013-09-01T10:15:00Z","distance":4611686018427387904,"price":0.1,'
        b'"international":true,"flight_id":"a/1"}'
    )
    assert second.at == -876544
    assert msgspec.json.decode(second.body)["departs"] == "1969-12-31T23:59:59.123456Z"


def test_the_server_reads_back_what_was_known():
    reader = RequestReader(CONTRACT, Limits())
    names = [field.name for field in CONTRACT.inputs]
    for question, row in zip(questions_of(ROWS, CONTRACT), ROWS.to_pylist(), strict=True):
        (asked,) = reader.read(question.body).rows
        assert asked.inputs == {name: row[name] for name in names}
        assert asked.key == {"flight_id": row["flight_id"]}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_written_as_missing(value):
    rows = ROWS.set_column(ROWS.column_names.index("price"), "price", pa.array([value, 1.0]))
    assert msgspec.json.decode(questions_of(rows, CONTRACT)[0].body)["price"] is None


def test_no_rows_are_no_questions():
    assert questions_of(ROWS.slice(0, 0), CONTRACT) == []

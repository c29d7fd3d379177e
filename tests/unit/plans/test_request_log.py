from datetime import UTC, datetime

import msgspec
import pyarrow as pa
import pytest

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.serving_contract import Field, ServedView, ServingContract
from sluiceway.plans.request_log import records_of, request_schema, request_table

CONTRACT = ServingContract(
    inputs=(Field("carrier", "text"), Field("departs", "time"), Field("seats", "integer")),
    key=(Field("flight_id", "text"),),
    views=(ServedView("delays", "d" * 64, ("carrier",), ("delays__mean",)),),
    request=(),
)
COLUMNS = (FeatureColumn("carrier", "text", "input"), FeatureColumn("delays__mean", "number", "view"))


def line(**changed):
    facts = {
        "request_id": "r1",
        "row": 0,
        "rows": 1,
        "arrival": 1_700_000_000_000_001,
        "at": 1_378_000_000_000_000,
        "scope": "rehearsal",
        "status": 200,
        "latency_us": 180,
        "arm": "challenger",
        "version": "v2",
        "probability": 0.25,
        "prediction": 1,
        "key": {"flight_id": "F1"},
        "inputs": {"carrier": "B6", "departs": "2013-09-01T10:00:00Z", "seats": 120},
        "features": {"carrier": "B6", "delays__mean": 1.5},
        "views": {"delays": ("abc", 5, 7)},
    }
    return msgspec.json.encode(RequestRecord(**(facts | changed))) + b"\n"


def table(*lines):
    return request_table([b"".join(lines)], contract=CONTRACT, columns=COLUMNS)


def test_a_record_becomes_one_row_with_a_column_for_each_input_feature_and_view():
    row = table(line()).to_pylist()[0]
    assert row["key:flight_id"] == "F1"
    assert row["input:departs"] == datetime(2013, 9, 1, 10, tzinfo=UTC)
    assert row["input:seats"] == 120
    assert row["feature:delays__mean"] == 1.5
    assert row["view:delays:digest"] == "abc"
    assert row["view:delays:written"] == datetime(1970, 1, 1, 0, 0, 0, 5, tzinfo=UTC)
    assert row["arrival"] == datetime(2023, 11, 14, 22, 13, 20, 1, tzinfo=UTC)


def test_a_refused_request_has_nothing_but_its_error():
    row = table(line(status=422, error="carrier is missing", features={}, views={}, inputs={}, key={})).to_pylist()[0]
    assert (row["status"], row["error"]) == (422, "carrier is missing")
    assert row["feature:delays__mean"] is None
    assert row["view:delays:written"] is None


def test_a_view_that_knew_nothing_of_an_entity_is_null():
    assert table(line(views={"delays": None})).column("view:delays:digest").to_pylist() == [None]


def test_an_empty_log_has_every_column():
    empty = request_table([], contract=CONTRACT, columns=COLUMNS)
    assert empty.schema == request_schema(CONTRACT, COLUMNS)
    assert empty.num_rows == 0


def test_chunks_follow_one_another_in_order():
    chunks = [line(request_id="a") + line(request_id="b"), b"", line(request_id="c")]
    found = request_table(chunks, contract=CONTRACT, columns=COLUMNS)
    assert found.column("request_id").to_pylist() == ["a", "b", "c"]
    assert found.column("probability").type == pa.float64()


def test_a_torn_line_is_an_error_and_never_a_row():
    with pytest.raises(msgspec.DecodeError):
        records_of(line()[:-20])

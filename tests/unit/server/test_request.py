"""Bodies as rows: the fast decoder and the reading field by field are one language."""

import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.bundles import CONTRACT, row

from sluiceway.artifacts.serving_contract import Field, ServingContract
from sluiceway.server.field_check import checked_rows
from sluiceway.server.limits import Limits
from sluiceway.server.refusal import Refusal
from sluiceway.server.request import AskedRow, RequestReader

READER = RequestReader(CONTRACT, Limits(rows=3))
AT_EIGHT = datetime(2013, 9, 1, 8, tzinfo=UTC)
KINDS = {
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "text": st.text(st.characters(exclude_categories=["Cs"])),
    "time": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(datetime.isoformat),
    "boolean": st.booleans(),
}
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def read(body, reader=READER):
    return reader.read(body if isinstance(body, bytes) else json.dumps(body).encode())


def refused(body, reader=READER):
    with pytest.raises(Refusal) as refusal:
        read(body, reader)
    return refusal.value.status, refusal.value.message


@pytest.mark.parametrize("name", ['say "wind"', "back\\slash", "a\ttab", "a\nline", "", "ünïcode 风"])
def test_a_column_may_be_called_anything(name):
    reader = RequestReader(ServingContract((Field(name, "number"),), (Field(name + "key", "time"),), (), ()), Limits())
    value = {name: 1.5, name + "key": "2013-09-01T08:00:00"}
    for body in (value, [value]):
        assert read(body, reader).rows == [AskedRow({name: 1.5}, {name + "key": AT_EIGHT})]
    assert refused({name: "much"}, reader)[0] == 422
    assert refused([value, {}], reader)[0] == 422
    assert refused([], reader)[0] == 422


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_an_empty_body_is_said_to_be_empty(body):
    assert refused(body) == (400, "the body is empty, which is no JSON; send one object, or an array of objects")


def test_a_number_that_no_double_holds_is_refused_by_its_field():
    body = json.dumps(row()).replace("500.0", "1e999").encode()
    status, said = refused(body)
    assert (status, "field 'distance' is inf; give a number" in said) == (422, True)
    assert refused(b'{"distance": 1e999')[0] == 400
    assert refused(b'{"distance": 1e999, "distance": 5, "carrier": "\\ud800"}')[0] == 400


def test_of_a_field_that_is_given_twice_the_last_counts():
    body = json.dumps(row()).replace('"distance"', '"distance": 1, "distance"').encode()
    assert read(body).rows[0].inputs["distance"] == 500.0


def test_an_object_is_one_row_with_typed_values():
    asked = read(row(flight_id="UA1"))
    assert asked == (
        [
            AskedRow(
                {
                    "carrier": "AA",
                    "origin": "EWR",
                    "distance": 500.0,
                    "scheduled_departure": AT_EIGHT,
                    "seats": 150,
                    "international": False,
                },
                {"flight_id": "UA1"},
            )
        ],
        False,
    )


def test_an_array_is_many_rows_in_its_order_also_of_one():
    assert read([row()]).many
    assert [each.inputs["seats"] for each in read([row(seats=1), row(seats=2)]).rows] == [1, 2]


def test_the_key_may_be_left_out_and_null_is_leaving_it_out():
    assert read(row()).rows[0].key == read(row(flight_id=None)).rows[0].key == {}


def test_every_input_may_be_null():
    empty = dict.fromkeys(row())
    assert read(empty).rows == [AskedRow(empty, {})]


@pytest.mark.parametrize(
    "text",
    [
        "2013-09-01T08:00:00Z",
        "2013-09-01T08:00:00",
        "2013-09-01 08:00:00",
        "2013-09-01T10:00:00+02:00",
        "2013-09-01T03:30:00.000000-04:30",
        "2013-09-01T08:00",
        "20130901T080000Z",
    ],
)
def test_times_are_iso_8601_and_without_an_offset_utc(text):
    found = read(row(scheduled_departure=text)).rows[0].inputs["scheduled_departure"]
    assert (found, found.utcoffset()) == (AT_EIGHT, timedelta(0))


def test_a_date_alone_is_its_first_moment():
    found = read(row(scheduled_departure="2013-09-01")).rows[0].inputs["scheduled_departure"]
    assert found == datetime(2013, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1.0", "1e0", "10e-1", "1"])
def test_a_whole_number_may_be_written_with_a_point(text):
    body = json.dumps(row()).replace('"seats": 150', f'"seats": {text}').encode()
    found = read(body).rows[0].inputs["seats"]
    assert (found, type(found)) == (1, int)


def test_numbers_may_be_written_without_a_point_and_become_doubles():
    found = read(row(distance=500)).rows[0].inputs["distance"]
    assert (found, type(found)) == (500.0, float)


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("seats", 1.5, "a whole number of at most 64 bits"),
        ("seats", 2**63, "a whole number of at most 64 bits"),
        ("seats", 1e300, "a whole number of at most 64 bits"),
        ("seats", True, "a whole number of at most 64 bits"),
        ("seats", "150", "a whole number of at most 64 bits"),
        ("distance", "far", "a number"),
        ("distance", False, "a number"),
        ("distance", 10**400, "a number"),
        ("distance", [1], "a number"),
        ("carrier", 7, "a text"),
        ("carrier", {}, "a text"),
        ("scheduled_departure", "soon", "a time in ISO 8601"),
        ("scheduled_departure", "2013-02-30T00:00:00Z", "a time in ISO 8601"),
        ("scheduled_departure", "0001-01-01T00:00:00+10:00", "a time in ISO 8601"),
        ("scheduled_departure", "9999-12-31T23:59:59-10:00", "a time in ISO 8601"),
        ("scheduled_departure", 1378022400, "a time in ISO 8601"),
        ("international", 1, "true or false"),
        ("international", "true", "true or false"),
        ("flight_id", 7, "a text"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_wanted(field, value, wanted):
    status, message = refused(row(**{field: value}))
    assert status == 422
    assert f"field {field!r} is " in message
    assert wanted in message


def test_a_long_value_is_cut_short():
    assert len(refused(row(seats="x" * 10_000))[1]) < 200


def test_all_that_is_wrong_is_said_at_once():
    body = row(carier="AA", seats="many", international=0)
    del body["distance"], body["origin"]
    status, message = refused(body)
    assert status == 422
    assert message == (
        "missing fields 'origin', 'distance'; give null for what is not known; "
        "unknown field 'carier': did you mean 'carrier'?; "
        "field 'seats' is 'many'; give a whole number of at most 64 bits, or null; "
        "field 'international' is 0; give true or false, or null"
    )


def test_a_misspelled_field_is_likened_first_to_what_is_missing():
    body = row()
    body["distanze"] = body.pop("distance")
    assert refused(body)[1].endswith("unknown field 'distanze': did you mean 'distance'?")


def test_an_unlike_field_is_told_what_there_is():
    assert "unknown field 'qqq': there is 'carrier', 'origin'" in refused(row(qqq=1))[1]


def test_rows_of_an_array_are_named_by_their_place():
    assert refused([row(), row(seats=0.5)])[1].startswith("row 1: field 'seats' is 0.5")


def test_more_than_ten_things_wrong_are_counted():
    reader = RequestReader(CONTRACT, Limits(rows=50))
    assert refused([7] * 12, reader)[1].endswith(
        "row 9: 7 is no row; send an object with a field for each input; and 2 more"
    )


@pytest.mark.parametrize("body", [b"7", b'"x"', b"null", b"true"])
def test_what_is_neither_object_nor_array_is_no_row(body):
    status, message = refused(body)
    assert (status, "is no row; send an object" in message) == (422, True)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"{}{}", b"{'a':1}", b'{"distance": NaN}', b'{"distance": Infinity}', b'{"a": 01}', b"\xff",
        b'{"carrier": "\xff"}', b'{"carrier": "\\ud800"}', b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"a":' * 100_000,
        b'{"carrier": "\n"}', "{}".encode("utf-16"), b"carrier=AA", b"\x1f\x8b\x08\x00",
    ],
)  # fmt: skip
def test_what_is_no_json_is_malformed(body):
    status, message = refused(body)
    assert status == 400
    assert "JSON" in message or "nested too deep" in message


def test_rows_are_counted_also_where_one_is_wrong():
    assert refused([row()] * 4) == (413, "4 rows; one request may hold 3 at most, send several")
    assert refused([7] * 4)[0] == 413
    assert len(read([row()] * 3).rows) == 3


def test_an_empty_array_asks_nothing():
    assert refused([]) == (422, "the array is empty; give an object for each row")
    assert refused(b" [ ] ")[0] == 422


def test_fields_may_be_called_anything():
    names = ["class", "a b", "ü", "", "$.x", "0", "__init__", "input_0", "key_0"]
    contract = ServingContract(tuple(Field(name, "integer") for name in names), (Field("k y", "text"),), (), ())
    body = {name: place for place, name in enumerate(names)} | {"k y": "x"}
    assert read(body, RequestReader(contract, Limits())).rows == [
        AskedRow({name: place for place, name in enumerate(names)}, {"k y": "x"})
    ]


def test_a_contract_without_inputs_takes_an_empty_object():
    reader = RequestReader(ServingContract((), (), (), ()), Limits())
    assert read({}, reader).rows == [AskedRow({}, {})]
    assert refused({"a": 1}, reader) == (422, "unknown field 'a': there is none")


@given(st.fixed_dictionaries({field.name: st.none() | KINDS[field.kind] for field in CONTRACT.inputs}))
@example(row(distance=-0.0, seats=-(2**63)))
def test_both_readings_of_a_good_row_agree(body):
    fast = read(body).rows[0].inputs
    ((slow, _),) = checked_rows(json.loads(json.dumps(body)), CONTRACT)
    assert fast == slow
    assert [type(value) for value in fast.values()] == [type(value) for value in slow.values()]


@given(st.binary(max_size=60) | anything.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=400)
def test_no_body_does_anything_but_be_read_or_be_refused(body):
    status, found = outcome(body)
    assert status in {200, 400, 413, 422}
    if status == 200:
        assert all(each.inputs.keys() == row().keys() for each in found.rows)
    else:
        assert found


@given(st.sampled_from(CONTRACT.inputs), anything)
@settings(max_examples=400)
def test_no_value_of_a_field_slips_through_untyped(field, value):
    kind = {"text": str, "number": float, "time": datetime, "integer": int, "boolean": bool}[field.kind]
    status, asked = outcome(json.dumps(row(**{field.name: value})).encode())
    assert status == 200 or status == (422 if _is_json(value) else 400)
    if status == 200:
        found = asked.rows[0].inputs[field.name]
        assert found is None or type(found) is kind
        assert not isinstance(found, float) or math.isfinite(found)
        assert not isinstance(found, datetime) or found.tzinfo == UTC


def outcome(body):
    try:
        return 200, read(body)
    except Refusal as refusal:
        return refusal.status, refusal.message


def _is_json(value):
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True

"""Protobuf messages become rows by the registered file of types; bytes that are none are refused."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2, wrappers_pb2
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.plans.protobuf_messages import protobuf_reader

ONE, MANY, DOUBLE, LONG, TEXT, MESSAGE, ENUM, INT = 1, 3, 1, 3, 9, 11, 14, 5
TIME, WRAPPER = ".google.protobuf.Timestamp", ".google.protobuf.DoubleValue"


def place_file():
    made = descriptor_pb2.FileDescriptorProto(name="place.proto", package="p", syntax="proto3")
    made.message_type.add(name="Place").field.add(name="faa", number=1, type=TEXT, label=ONE)
    return made


def landing_file():
    made = descriptor_pb2.FileDescriptorProto(name="landing.proto", package="p", syntax="proto3")
    made.dependency.extend(["google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto", "place.proto"])
    made.enum_type.add(name="Kind").value.extend(
        [descriptor_pb2.EnumValueDescriptorProto(name=name, number=number) for number, name in enumerate(["A", "B"])]
    )
    made.message_type.add(name="Other")
    outer = made.message_type.add(name="Outer")
    type_ = outer.nested_type.add(name="Landing")
    for number, (name, kind, label, of) in enumerate(
        [
            ("carrier", TEXT, ONE, ""),
            ("delay", DOUBLE, ONE, ""),
            ("landed_at", MESSAGE, ONE, TIME),
            ("fee", MESSAGE, ONE, WRAPPER),
            ("kind", ENUM, ONE, ".p.Kind"),
            ("bins", DOUBLE, MANY, ""),
            ("to", MESSAGE, ONE, ".p.Place"),
            ("fees", MESSAGE, MANY, ".p.Outer.Landing.FeesEntry"),
            ("stops", MESSAGE, MANY, ".p.Place"),
        ],
        start=1,
    ):
        type_.field.add(name=name, number=number, type=kind, label=label, type_name=of or None)
    type_.oneof_decl.add(name="_gate")
    type_.field.add(name="gate", number=20, type=LONG, label=ONE, proto3_optional=True, oneof_index=0)
    entry = type_.nested_type.add(name="FeesEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=TEXT, label=ONE)
    entry.field.add(name="value", number=2, type=MESSAGE, label=ONE, type_name=WRAPPER)
    return made


def text_of(file):
    return b64encode(file.SerializeToString()).decode()


def landing_class():
    pool = descriptor_pool.DescriptorPool()
    for module in (timestamp_pb2, wrappers_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    for file in (place_file(), landing_file()):
        pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.Outer.Landing"))


def reader():
    return protobuf_reader(text_of(landing_file()), (1, 0), [text_of(place_file())])


def test_a_message_is_a_row_of_plain_values():
    made = landing_class()(carrier="UA", delay=2.5, kind=1, bins=[1, 2], gate=0)
    made.landed_at.FromDatetime(datetime(2024, 2, 29, 1, 2, 3, 4))
    made.fee.value = 12.25
    made.to.faa = "JFK"
    made.fees["tax"].value = 1.5
    made.stops.add(faa="EWR")
    assert reader()(b"......" + made.SerializeToString(), 6) == {
        "carrier": "UA",
        "delay": 2.5,
        "landed_at": datetime(2024, 2, 29, 1, 2, 3, 4, UTC),
        "fee": 12.25,
        "kind": "B",
        "bins": [1.0, 2.0],
        "to": {"faa": "JFK"},
        "fees": {"tax": 1.5},
        "stops": [{"faa": "EWR"}],
        "gate": 0,
    }


def test_what_is_not_set_is_null_where_that_can_be_told():
    row = reader()(b"", 0)
    assert [name for name, value in row.items() if value is None] == ["landed_at", "fee", "to", "gate"]
    assert (row["carrier"], row["delay"], row["kind"], row["bins"], row["fees"]) == ("", 0.0, "A", [], {})


def test_a_number_that_an_enumeration_lacks_is_kept():
    assert reader()(landing_class()(kind=9).SerializeToString(), 0)["kind"] == "9"


@given(st.binary(max_size=40))
def test_any_bytes_are_a_row_or_refused(value):
    try:
        row = reader()(value, 0)
    except ValueError:
        return
    assert "carrier" in row


def test_a_time_out_of_range_is_refused():
    made = landing_class()()
    made.landed_at.seconds = 2**60
    with pytest.raises(ValueError, match=r"p\.Outer\.Landing|range|Timestamp"):
        reader()(made.SerializeToString(), 0)


@pytest.mark.parametrize("path", [(5,), (1, 3), (0, 0), (-1,)])
def test_a_type_that_is_not_there_is_named(path):
    with pytest.raises(ValueError, match=r"'landing\.proto' has no type at"):
        protobuf_reader(text_of(landing_file()), path, [text_of(place_file())])


@pytest.mark.parametrize("text", ["", "no base 64!", "Zm9v"])
def test_what_is_no_file_of_types_is_refused(text):
    with pytest.raises(ValueError, match="its schema"):
        protobuf_reader(text, (0,))


def test_a_file_whose_imports_are_missing_is_refused():
    with pytest.raises(ValueError, match="its schema cannot be read"):
        protobuf_reader(text_of(landing_file()), (1, 0))

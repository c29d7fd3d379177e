"""What is taken of an event is what its stream takes, and what lands: only columns that these read are asked for."""

import json
from contextlib import nullcontext

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.server.test_event_desk import AT, KINDS, ROW, source

import sluiceway as sw
from sluiceway.server.event_check import EventCheck
from sluiceway.server.refusal import Refusal
from sluiceway.streams.decoding import RowDecoder
from sluiceway.streams.landed_rows import LandedRows

DECLARED = sw.Source(
    "landings", sql="unused", key="delay", event_time="landed_at", known_time="landed_at + interval 1 hour",
    stream=sw.topic("landings-topic", key="carrier"),
)  # fmt: skip
VALUES = st.sampled_from([None, 1, 2.5, "UA", True, AT, "soon", [1], 2**70])
EVENTS = st.fixed_dictionaries({}, optional=dict.fromkeys([*KINDS, "gate"], VALUES))


def check(*read):
    return EventCheck(source(fact_keys=("delay",), read=read), most=9)


@given(event=EVENTS | EVENTS.map(lambda event: ROW | event), read=st.sets(st.sampled_from(list(KINDS))))
def test_what_is_taken_is_what_the_stream_takes(event, read):
    value = json.dumps(event).encode()
    decoded = RowDecoder(DECLARED, KINDS, sorted(read)).decode([0], [value])
    with pytest.raises(Refusal) if decoded.poison else nullcontext():
        check(*read).events(value)


def test_a_column_that_nothing_reads_may_be_missing_and_is_missing_in_the_row():
    asked = {name: ROW[name] for name in ("carrier", "delay", "landed_at")}
    value = json.dumps(asked).encode()
    (event,) = check().events(value)
    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    schema = pa.schema([(name, types.get(kind, pa.timestamp("us", "UTC"))) for name, kind in KINDS.items()])
    (row,) = LandedRows(schema, KINDS, ["delay"]).table([event.value]).to_pylist()
    assert (row["carrier"], row["speed"], row["ok"]) == ("UA", None, None)
    with pytest.raises(Refusal, match="column 'speed' is missing"):
        check("speed").events(value)


def test_only_columns_that_the_table_lacks_are_unknown():
    each = check()
    assert each.unknown(each.events(json.dumps(ROW | {"gate": "A4"}).encode())) == ["gate"]
